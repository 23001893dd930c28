"""That a message was begun with a saved reply: what the report of invitations tells apart."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Count, Q

from accounts.models import BrandAccount, User
from inbox.models.message import Message
from inbox.sequence import sequence_at


class SavedReplyUseQuerySet(models.QuerySet["SavedReplyUse"]):
    def visible_to(self, user: User) -> SavedReplyUseQuerySet:
        return self.filter(message__brand__in=user.memberships.values("brand"))

    def of(self, brand: BrandAccount, *, since: datetime) -> SavedReplyUseQuerySet:
        """By X's clock, by which a handle's messages are found quickly."""
        return self.filter(message__brand=brand, message__sequence__gte=sequence_at(since))

    def counted(self) -> dict[int | None, int]:
        """How many answers were begun with each saved reply, by its key, None for those that are
        gone: a chain is one answer, what was taken back or refused is none. One query."""
        states = Message.State
        first = Q(message__part=None) | Q(message__part__number=1)
        said = self.filter(first).exclude(message__state__in=[states.FAILED, states.CANCELLED])
        return dict(said.values_list("saved_reply").annotate(Count("pk")))


class SavedReplyUse(models.Model):
    """`shortcut` is what the saved reply was called then: it may be changed or gone by now."""

    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, primary_key=True, related_name="saved_reply_use"
    )
    saved_reply = models.ForeignKey(
        "inbox.SavedReply", null=True, on_delete=models.SET_NULL, related_name="uses"
    )
    shortcut = models.CharField(max_length=30)

    objects = SavedReplyUseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"/{self.shortcut} in message {self.message_id}"
