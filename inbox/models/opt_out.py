"""Somebody asked a brand not to be written to."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models import User
from inbox.models.message import Message


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def visible_to(self, user: User) -> OptOutQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))

    def standing(self) -> OptOutQuerySet:
        """Of those who have not written privately since, in whatever conversation."""
        since = Message.objects.incoming().filter(
            kind=Message.Kind.DM,
            conversation__brand=OuterRef("brand"),
            conversation__contact=OuterRef("contact"),
            sent_at__gt=OuterRef("asked_at"),
        )
        return self.filter(~Exists(since))


class OptOut(models.Model):
    """It stays for good. `asked_at` is X's time of the newest message that asked: whoever has
    written something else since may be answered."""

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="opt_outs")
    asked_at = models.DateTimeField()

    objects = OptOutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "contact"], name="opt_out_once"),
        ]

    def __str__(self) -> str:
        return f"Opt-out {self.pk}"
