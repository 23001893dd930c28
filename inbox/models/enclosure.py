"""A file that somebody chose for a reply which they have not sent yet."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef

from accounts import clock
from accounts.models import User
from inbox.models.attachment import Attachment
from inbox.models.media_file import MediaFile
from inbox.models.thread import Thread

# What was chosen and not sent by then is let go.
KEPT_FOR = timedelta(days=1)
LONGEST_ALT_TEXT = 1_000


class EnclosureQuerySet(models.QuerySet["Enclosure"]):
    def visible_to(self, user: User) -> EnclosureQuerySet:
        """One's own: like the words beside it, nobody else sees it before it is sent."""
        return self.filter(author=user, thread__brand__in=user.memberships.values("brand"))

    def whole(self) -> EnclosureQuerySet:
        """Those whose file is here in full: whoever brought it may have gone in the middle."""
        written = MediaFile.objects.filter(
            enclosure=OuterRef("pk"), role=MediaFile.Role.WHOLE, written_at__isnull=False
        )
        return self.filter(Exists(written))

    def on_path_of(self, thread: Thread) -> EnclosureQuerySet:
        """For the same reply: the public threads of a conversation are answered by one path, each
        private one by its own."""
        if not thread.is_public:
            return self.filter(thread=thread)
        return self.filter(thread__conversation=thread.conversation_id, thread__kind=thread.kind)

    def abandoned(self) -> EnclosureQuerySet:
        return self.filter(made_at__lt=clock.now() - KEPT_FOR)


class Enclosure(models.Model):
    """`name` is what the file is called where it comes from; only its author is told. With the
    reply it becomes an `Attachment`, and one again when the reply is taken back.
    """

    thread = models.ForeignKey("inbox.Thread", on_delete=models.CASCADE, related_name="enclosures")
    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=6, choices=Attachment.Kind)
    alt_text = models.CharField(max_length=LONGEST_ALT_TEXT, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)

    objects = EnclosureQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("made_at", name="enclosure_made")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.thread_id}"

    @property
    def whole(self) -> MediaFile | None:
        return self._file(MediaFile.Role.WHOLE)

    @property
    def still(self) -> MediaFile | None:
        """A small picture of it; films have none."""
        return self._file(MediaFile.Role.STILL)

    def _file(self, role: str) -> MediaFile | None:
        return next((file for file in self.files.all() if file.role == role), None)

    @property
    def is_seen(self) -> bool:
        """X lets it be described to those who can't see it."""
        return self.kind != Attachment.Kind.VIDEO
