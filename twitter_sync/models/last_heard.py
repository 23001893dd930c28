"""When X last told us something of a feed by a push: what the page of a handle's health shows."""

from __future__ import annotations

from django.db import models

from twitter_sync.models.raw_event import RawEvent
from twitter_sync.models.sync_cursor import SyncCursor


class LastHeard(models.Model):
    """`source` is the webhook or the stream; when a feed was fetched stands in its cursor. Kept up
    by `actions.tallying`, which reads every push once, so it is a minute behind."""

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    feed = models.CharField(max_length=10, choices=SyncCursor.Feed)
    source = models.CharField(max_length=7, choices=RawEvent.Source)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "last heard"
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "feed", "source"], name="last_heard_once_per_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_feed_display()} of {self.brand} by {self.source}"
