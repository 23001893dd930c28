"""A remark for colleagues. Its own type, so that it can never be sent."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from accounts import clock
from accounts.models import User
from inbox.models.words import NOTE_WORDS


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
    created_at = models.DateTimeField(default=clock.now)

    objects = NoteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("conversation", "created_at", name="note_of_conversation"),
            GinIndex(NOTE_WORDS, name="note_words", gin_pending_list_limit=1024),
            models.Index(F("created_at").desc(), F("id").desc(), name="note_newest"),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"
