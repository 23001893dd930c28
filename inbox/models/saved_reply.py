"""Words that a team says often, by a short name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock
from accounts.models import User


class SavedReplyQuerySet(models.QuerySet["SavedReply"]):
    def visible_to(self, user: User) -> SavedReplyQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))

    def for_kind(self, kind: str) -> SavedReplyQuerySet:
        """Those that suit a message of this kind."""
        return self.filter(Q(kind=kind) | Q(kind=SavedReply.Kind.ANY))


class SavedReply(models.Model):
    """`shortcut` is what an agent types to find it, in small letters; one of each for a brand."""

    class Kind(models.TextChoices):
        ANY = "any", "Anywhere"
        DM = "dm", "Direct message"
        PUBLIC = "public", "Public reply"

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="saved_replies"
    )
    shortcut = models.CharField(max_length=30)
    text = models.TextField()
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.ANY)
    changed_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(default=clock.now)

    objects = SavedReplyQuerySet.as_manager()

    class Meta:
        ordering = ["shortcut"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "shortcut"], name="saved_reply_shortcut_once"),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut} of {self.brand}"

    def says(self, *, shortcut: str, text: str, kind: str) -> bool:
        return (self.shortcut, self.text, self.kind) == (shortcut, text, kind)
