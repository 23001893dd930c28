"""What was said before a handle was connected: how much of it we hold, feed by feed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import BrandAccount


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


class Backfill(models.Model):
    """The walk down from the newest item that X had when the handle was connected.

    `newest_id` is that item: what is newer is news, and polled. `page_token` is the next page, ""
    at the top. `fetched` items are kept, the oldest of them of `reached_at`. `is_limited` says that
    X's quota is used up until `due_at`. `refusals` counts how often X refused a page on the way;
    after too many the walk is given up, at `given_up_at`, until it is begun anew.
    """

    cursor = models.OneToOneField(
        "twitter_sync.SyncCursor", on_delete=models.CASCADE, related_name="backfill"
    )
    newest_id = models.CharField(max_length=20, blank=True)
    page_token = models.CharField(max_length=200, blank=True)
    fetched = models.PositiveIntegerField(default=0)
    reached_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    is_limited = models.BooleanField(default=False)
    failure = models.CharField(max_length=300, blank=True)
    refusals = models.PositiveSmallIntegerField(default=0, db_default=0)
    given_up_at = models.DateTimeField(null=True, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
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
    def is_given_up(self) -> bool:
        return self.given_up_at is not None
