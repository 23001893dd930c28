"""What was said before a handle was connected: how much of it we hold, feed by feed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.models.walk import Walk


class BackfillQuerySet(models.QuerySet["Backfill"]):
    def unfinished(self) -> BackfillQuerySet:
        return self.filter(done_at=None)

    def given_up(self) -> BackfillQuerySet:
        return self.unfinished().filter(given_up_at__isnull=False)

    def due(self) -> BackfillQuerySet:
        """Of handles that listen; for others X may not be asked."""
        return self.unfinished().filter(
            given_up_at=None, due_at__lte=Now(), cursor__brand__in=BrandAccount.objects.listening()
        )


class Backfill(Walk):
    """The walk down from the newest item that X had when the handle was connected.

    `newest_id` is that item: what is newer is news, and polled. One that was given up may be begun
    anew.
    """

    TASK, ID = "twitter_sync.backfill", "backfill_id"

    cursor = models.OneToOneField(
        "twitter_sync.SyncCursor", on_delete=models.CASCADE, related_name="backfill"
    )
    newest_id = models.CharField(max_length=20, blank=True)
    began_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = BackfillQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("due_at", name="backfill_due", condition=models.Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"History of {self.cursor_id}"

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    @property
    def is_over(self) -> bool:
        return self.is_done
