"""What somebody has typed and not sent: it waits for them on whatever machine they sign in."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from accounts import clock
from accounts.models import User

# What nobody went on with by then is let go.
KEPT_FOR = timedelta(days=90)


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: User) -> DraftQuerySet:
        """One's own, while one works for the brand; nobody reads what others have not sent."""
        own = self.filter(author=user, conversation__brand__in=user.memberships.values("brand"))
        return own.exclude(text="")

    def forgotten(self) -> DraftQuerySet:
        return self.filter(saved_at__lt=clock.now() - KEPT_FOR)


class Draft(models.Model):
    """`mode` is the part of the composer it was typed into (note, public, dm, dm-2): what was meant
    for colleagues is never offered to a customer (trust G9). With `client_key` it is sent once,
    from wherever. `seen_through` is the last message that its author had seen when they began.

    An emptied one has no `text`: nobody sees it, and it says that what was there is gone.

    A row never changes: other words are another row in its place. So keys are versions, and the
    greater one is the newer, also across a draft that was sent and the next that was begun.
    """

    author = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="drafts"
    )
    mode = models.CharField(max_length=12)
    text = models.TextField()
    client_key = models.UUIDField()
    answering = models.CharField(max_length=60, blank=True)
    seen_through = models.BigIntegerField(null=True, blank=True)
    saved_at = models.DateTimeField(default=clock.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "author", "mode"], name="draft_one_for_each_mode"
            ),
        ]
        indexes = [models.Index("saved_at", name="draft_saved")]

    def __str__(self) -> str:
        return f"Draft {self.mode} of #{self.conversation_id}"

    @property
    def version(self) -> int:
        return self.pk

    def is_same(self, other: Draft) -> bool:
        said = ("text", "client_key", "answering", "seen_through")
        return all(getattr(self, name) == getattr(other, name) for name in said)

    def goes_on_from(self, other: Draft) -> bool:
        """It has every word of the other."""
        return self.client_key == other.client_key and self.text.startswith(other.text)
