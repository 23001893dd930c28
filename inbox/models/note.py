"""A remark for colleagues. Its own type, so that it can never be sent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import User


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, user: User) -> NoteQuerySet:
        return self.filter(conversation__brand__in=user.memberships.values("brand"))


class Note(models.Model):
    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="notes"
    )
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    client_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = NoteQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("conversation", "created_at", name="note_of_conversation")]

    def __str__(self) -> str:
        return f"Note {self.pk}"
