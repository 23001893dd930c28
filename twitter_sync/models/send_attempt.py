"""One try to hand a message to X. The row is committed before the call (trust R6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock


class SendAttempt(models.Model):
    class Outcome(models.TextChoices):
        OPEN = "open", "Under way"
        SENT = "sent", "Accepted"
        FAILED = "failed", "Refused"
        UNCERTAIN = "uncertain", "Not confirmed"

    message = models.ForeignKey(
        "inbox.Message", on_delete=models.CASCADE, related_name="send_attempts"
    )
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.OPEN)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=Q(outcome="open"), name="attempt_one_open"
            ),
        ]
        indexes = [
            models.Index("lease_until", name="attempt_lease", condition=Q(outcome="open")),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.pk} of message {self.message_id}"
