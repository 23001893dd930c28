"""One try to bring a file of ours to X. The row is committed before each call (trust R6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock


class MediaUpload(models.Model):
    """X has `sent_bytes` of it in pieces under `media_id`; since `finalized_at` it works on it.
    What it made can be sent until `expires_at`, by the handle that uploaded it.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", "Under way"
        READY = "ready", "X has it"
        SPENT = "spent", "X has it no more"
        TURNED_DOWN = "turned_down", "X did not take it in a message"
        FAILED = "failed", "Refused"

    attachment = models.ForeignKey(
        "inbox.Attachment", on_delete=models.CASCADE, related_name="uploads"
    )
    outcome = models.CharField(max_length=11, choices=Outcome, default=Outcome.OPEN)
    media_id = models.CharField(max_length=20, blank=True)
    media_key = models.CharField(max_length=60, blank=True)
    sent_bytes = models.PositiveBigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=clock.now)
    finalized_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attachment"],
                condition=Q(outcome__in=["open", "ready"]),
                name="upload_one_good",
            ),
        ]

    def __str__(self) -> str:
        return f"Upload {self.pk} of attachment {self.attachment_id}"
