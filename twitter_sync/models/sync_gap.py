"""What a feed's cursor has passed without covering it: a row for every hole, healed or not."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.models.sync_cursor import SyncCursor
from twitter_sync.models.walk import Walk


class SyncGapQuerySet(models.QuerySet["SyncGap"]):
    def unhealed(self) -> SyncGapQuerySet:
        """Something may be missing there, for now or for good."""
        return self.filter(healed_at=None)

    def healing(self) -> SyncGapQuerySet:
        return self.unhealed().filter(given_up_at=None)

    def lost(self) -> SyncGapQuerySet:
        """X gives no more of it."""
        return self.unhealed().filter(given_up_at__isnull=False)

    def of_feeds(self) -> SyncGapQuerySet:
        """Those that asking X can heal."""
        return self.filter(feed__in=SyncCursor.Feed.values)

    def due(self) -> SyncGapQuerySet:
        """Of handles that listen; for others X may not be asked."""
        return (
            self.healing()
            .of_feeds()
            .filter(due_at__lte=Now(), brand__in=BrandAccount.objects.listening())
        )


class SyncGap(Walk):
    """From `begins_at` to `ends_at`, by X's clock. A cursor is past an item that nobody has kept
    only where such a row covers it (trust R5).

    Of a feed, `after_id` is the newest item that we hold below, and `before_id` the oldest above:
    it moves down with the walk. `found` counts what the healing brought that nobody knew.
    """

    class Feed(models.TextChoices):
        DMS = "dms", "Direct messages"
        MENTIONS = "mentions", "Mentions"
        OWN_POSTS = "own_posts", "Own posts"
        # Deletions, quotes, encrypted messages: no page of X has them.
        PUSHES = "pushes", "What X only pushes"

    class Reason(models.TextChoices):
        PAGES = "pages", "More came than one look brings"
        REACH = "reach", "X shows no more of it"
        OUTAGE = "outage", "X could not reach us"

    class Means(models.TextChoices):
        POLL = "poll", "Asked for"
        REPLAY = "replay", "Sent again"

    TASK, ID = "twitter_sync.heal", "gap_id"

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="sync_gaps"
    )
    feed = models.CharField(max_length=10, choices=Feed)
    reason = models.CharField(max_length=6, choices=Reason)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    after_id = models.CharField(max_length=20, blank=True)
    before_id = models.CharField(max_length=20, blank=True)
    found = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(default=clock.now)
    healed_at = models.DateTimeField(null=True, blank=True)
    healed_by = models.CharField(max_length=6, choices=Means, blank=True)
    replay = models.ForeignKey(
        "twitter_sync.Replay", null=True, blank=True, on_delete=models.SET_NULL, related_name="gaps"
    )

    objects = SyncGapQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("brand", "feed", "begins_at", name="gap_of_brand"),
            models.Index(
                "due_at", name="gap_due", condition=Q(healed_at=None, given_up_at=None)
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                name="gap_is_a_span", condition=Q(begins_at__lte=models.F("ends_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_feed_display()} of {self.brand}, {self.begins_at} to {self.ends_at}"

    @property
    def is_over(self) -> bool:
        return self.healed_at is not None or self.is_given_up

    @property
    def is_asked_for(self) -> bool:
        """X is asked for it, or will be."""
        return not self.is_over and self.feed in SyncCursor.Feed.values
