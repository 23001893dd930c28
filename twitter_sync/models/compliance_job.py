"""Many posts of which X is asked, in one job, whether they must go."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from accounts import clock


class ComplianceJobQuerySet(models.QuerySet["ComplianceJob"]):
    def unfinished(self) -> ComplianceJobQuerySet:
        return self.filter(finished_at=None)

    def due(self, now: datetime) -> ComplianceJobQuerySet:
        return self.unfinished().filter(due_at__lte=now).order_by("due_at")


class ComplianceJob(models.Model):
    """`searches` are rows of `ConversationSearch`, whose posts are `post_ids`; both are empty when
    it is done. `external_id` is X's, "" until the ids are handed in. `due_at` is when the next step
    is to be taken; while a worker takes one, when another may."""

    external_id = models.CharField(max_length=20, blank=True)
    searches = models.JSONField(default=list)
    post_ids = models.JSONField(default=list)
    asked_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ComplianceJobQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Compliance job {self.external_id or self.pk}"
