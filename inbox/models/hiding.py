"""Whether an answer to a post of ours is hidden on X: one row for a message, once asked for."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from inbox.models.wish import Wish, WishQuerySet


class HidingQuerySet(WishQuerySet["Hiding"]):
    def visible_to(self, user: User) -> HidingQuerySet:
        return self.filter(message__brand__in=user.memberships.values("brand"))


class Hiding(Wish):
    message = models.OneToOneField("inbox.Message", on_delete=models.CASCADE, related_name="hiding")

    objects = HidingQuerySet.as_manager()

    class Meta(Wish.Meta):
        pass

    def __str__(self) -> str:
        return f"Hiding of message {self.message_id}"
