"""Who had a conversation, from when to when, given by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock


class Assignment(models.Model):
    """`Conversation.assignee` is the claim; these rows are its history."""

    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="assignments"
    )
    assignee = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    assigned_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(ended_at__isnull=True),
                name="assignment_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.conversation_id} to {self.assignee}"
