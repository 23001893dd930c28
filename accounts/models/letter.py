"""A mail that is to go out. The row is the promise; a worker sends it and tries again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self) -> LetterQuerySet:
        return self.filter(sent_at__isnull=True, due_at__lte=clock.now()).order_by("id")


class Letter(models.Model):
    """Holds who and why, never the text: one-time links are made when it is sent, not stored.
    `words` are for an alarm alone: what is wrong, in words of ours and none of a customer's.

    `due_at` is null when it is not to be tried any more. `failure` says why it did not go out.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        WELCOME = "welcome", "Another handle"
        RESET = "reset", "New password"
        RECONNECT = "reconnect", "Handle to be reconnected"
        ALARM = "alarm", "Alarm"

    to = models.ForeignKey("User", on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=10, choices=Kind)
    brand = models.ForeignKey(
        "BrandAccount", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    sender = models.ForeignKey(
        "User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    words = models.CharField(max_length=1000, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True, blank=True, default=clock.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("due_at", name="letter_due", condition=Q(sent_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to}"
