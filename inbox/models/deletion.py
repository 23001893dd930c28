"""That a message of ours is to go from X: one row for a message, once asked for."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from inbox.models.wish import Wish, WishQuerySet


class DeletionQuerySet(WishQuerySet["Deletion"]):
    def visible_to(self, user: User) -> DeletionQuerySet:
        return self.filter(message__brand__in=user.memberships.values("brand"))


class Deletion(Wish):
    """`wanted` is always true: nobody brings back what X has deleted."""

    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, related_name="deletion"
    )

    objects = DeletionQuerySet.as_manager()

    class Meta(Wish.Meta):
        pass

    def __str__(self) -> str:
        return f"Deletion of message {self.message_id}"
