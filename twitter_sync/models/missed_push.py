"""A message that X should have pushed and that polling found instead."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from accounts import clock

# A push may come so much later than its message was said; then it was late, not missed.
GRACE = timedelta(minutes=2)


class MissedPushQuerySet(models.QuerySet["MissedPush"]):
    def certain(self) -> MissedPushQuerySet:
        """Without those whose push may still be on its way."""
        return self.filter(said_at__lte=clock.now() - GRACE)


class MissedPush(models.Model):
    """One row a message, so that none is counted twice. `said_at` is X's clock, `found_at` ours;
    `event_type` is the subscription that should have brought it."""

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, related_name="missed_push"
    )
    event_type = models.CharField(max_length=60)
    said_at = models.DateTimeField()
    found_at = models.DateTimeField(default=clock.now)

    objects = MissedPushQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "missed pushes"
        indexes = [models.Index("brand", models.F("found_at").desc(), name="missed_of_brand")]

    def __str__(self) -> str:
        return f"{self.event_type} of message {self.message_id}"
