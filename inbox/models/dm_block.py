"""Whether a contact may write to a brand in private: one row for the two, once somebody asked."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from inbox.models.wish import Wish, WishQuerySet


class DmBlockQuerySet(WishQuerySet["DmBlock"]):
    def visible_to(self, user: User) -> DmBlockQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))


class DmBlock(Wish):
    """`conversation` is where it was asked for, and where what becomes of it is written down."""

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="dm_blocks")
    conversation = models.ForeignKey(
        "inbox.Conversation", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = DmBlockQuerySet.as_manager()

    class Meta(Wish.Meta):
        constraints = [
            models.UniqueConstraint(fields=["brand", "contact"], name="dm_block_once"),
        ]

    def __str__(self) -> str:
        return f"DM block {self.pk}"
