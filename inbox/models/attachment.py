"""Media of a message: what X told of them or an agent chose, and whether we hold the files
(`MediaFile`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock
from accounts.models import User
from inbox.models.media_file import MediaFile

# Of a tile in a bubble, in points: all are as high, so that nothing moves when a picture arrives.
TILE_HEIGHT, SMALL_TILE_HEIGHT = 192, 144
# So long before X forgets an upload, nothing is sent with it any more.
TO_SEND = timedelta(minutes=5)
# Width by height.
NARROWEST_SHAPE, USUAL_SHAPE, WIDEST_SHAPE = 5 / 8, 4 / 3, 2.0


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> AttachmentQuerySet:
        return self.filter(message__brand__in=user.memberships.values("brand"))

    def due(self) -> AttachmentQuerySet:
        """To be fetched, and in no worker's hands."""
        now = clock.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state=Attachment.State.WANTED, due_at__lte=now)

    def to_upload(self) -> AttachmentQuerySet:
        """Ours that X has not, or not for long enough any more, of replies that wait for it."""
        states = Attachment.Upload
        spent = Q(upload=states.READY, usable_until__lte=clock.now() + TO_SEND)
        wanted = Q(upload__in=[states.WAITING, states.UNDER_WAY, states.WORKED_ON])
        return self.filter(spent | wanted, message__state="queued")


class Attachment(models.Model):
    """`source_url` is where X keeps it, which browsers are never told; `preview_url` the still of
    a film. `width` and `height` are of the whole, 0 until somebody told. `reason` says, for people,
    why it was refused or what it waits for. `name` is what an agent's file was called.

    Ours are held from the first, and uploaded to X before their message is sent: `upload` says how
    far that is, `upload_percent` of the part that is under way. What X has of it can be sent until
    `usable_until`.
    """

    class Kind(models.TextChoices):
        PHOTO = "photo", "Photo"
        GIF = "gif", "GIF"
        VIDEO = "video", "Video"
        OTHER = "other", "Attachment"

    class State(models.TextChoices):
        WANTED = "wanted", "To be fetched"
        HELD = "held", "Held"
        GONE = "gone", "Gone from X"
        REFUSED = "refused", "Not to be had"

    class Upload(models.TextChoices):
        NONE = "", "X's own"
        WAITING = "waiting", "To be uploaded"
        UNDER_WAY = "under_way", "On its way to X"
        WORKED_ON = "worked_on", "X works on it"
        READY = "ready", "X has it"
        REFUSED = "refused", "X did not take it"

    message = models.ForeignKey(
        "inbox.Message", on_delete=models.CASCADE, related_name="attachments"
    )
    kind = models.CharField(max_length=6, choices=Kind)
    media_key = models.CharField(max_length=60)
    source_url = models.URLField(max_length=500, blank=True)
    preview_url = models.URLField(max_length=500, blank=True, default="", db_default="")
    alt_text = models.TextField(blank=True)
    width = models.PositiveIntegerField(default=0, db_default=0)
    height = models.PositiveIntegerField(default=0, db_default=0)

    # Fetching it
    state = models.CharField(
        max_length=7, choices=State, default=State.WANTED, db_default=State.WANTED
    )
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(default=clock.now, db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)

    # Ours only: bringing it to X
    name = models.CharField(max_length=200, blank=True, default="", db_default="")
    upload = models.CharField(
        max_length=9, choices=Upload, blank=True, default=Upload.NONE, db_default=Upload.NONE
    )
    upload_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    usable_until = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "media_key"], name="attachment_once"),
        ]
        indexes = [
            models.Index("id", name="attachment_wanted", condition=Q(state="wanted")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.media_key}"

    @property
    def whole(self) -> MediaFile | None:
        """The file itself, once it is held."""
        return self._file(MediaFile.Role.WHOLE)

    @property
    def still(self) -> MediaFile | None:
        """A small picture of it; films may have none."""
        return self._file(MediaFile.Role.STILL)

    def _file(self, role: str) -> MediaFile | None:
        if self.state != self.State.HELD:
            return None
        return next((file for file in self.files.all() if file.role == role), None)

    @property
    def is_sendable(self) -> bool:
        """X has it, or brought it itself."""
        if self.upload == self.Upload.READY:
            return self.usable_until is not None and self.usable_until > clock.now() + TO_SEND
        return self.upload == self.Upload.NONE

    def tile(self, is_one_of_many: bool = False) -> tuple[int, int]:
        """Width and height of its tile: by the shape of the whole, where that is known."""
        height = SMALL_TILE_HEIGHT if is_one_of_many else TILE_HEIGHT
        shape = self.width / self.height if self.width and self.height else USUAL_SHAPE
        return round(height * min(max(shape, NARROWEST_SHAPE), WIDEST_SHAPE)), height


def first_to_upload(attachments: Iterable[Attachment]) -> Attachment | None:
    """Of the files of a message: one that X has not yet, which holds it up."""
    return next((one for one in attachments if not one.is_sendable), None)
