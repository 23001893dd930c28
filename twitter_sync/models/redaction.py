"""A message or post that is gone: its words are to leave the ledger, wherever X told of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock


class RedactionQuerySet(models.QuerySet["Redaction"]):
    def unfinished(self) -> RedactionQuerySet:
        return self.filter(finished_at=None).order_by("asked_at", "pk")


class Redaction(models.Model):
    """`external_id` is X's: no two things on X have the same. Rows of the ledger that came before
    `walked_at` (those of that very moment: up to `walked_id`) hold no word of it any more."""

    external_id = models.CharField(max_length=60, unique=True)
    asked_at = models.DateTimeField(default=clock.now)
    walked_at = models.DateTimeField()
    walked_id = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RedactionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("asked_at", "id", name="redaction_left", condition=Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"Redaction of {self.external_id}"
