"""How far a feed of a brand has been polled. Moves in the transaction of its rows (trust R5)."""

from __future__ import annotations

from django.db import models

from accounts import clock


class SyncCursor(models.Model):
    """`newest_id` is the newest item that we hold, and `complete_to` when nothing was lacking: what
    is older is held too, except for what a `SyncGap` covers.
    """

    class Feed(models.TextChoices):
        DMS = "dms", "Direct messages"
        MENTIONS = "mentions", "Mentions"
        OWN_POSTS = "own_posts", "Own posts"

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="cursors"
    )
    feed = models.CharField(max_length=10, choices=Feed)
    newest_id = models.CharField(max_length=20, blank=True)
    complete_to = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=clock.now)
    # X's quota is used up until `due_at`.
    is_limited = models.BooleanField(default=False)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "feed"], name="cursor_once_per_feed"),
        ]
        indexes = [models.Index("due_at", name="cursor_due")]

    def __str__(self) -> str:
        return f"{self.get_feed_display()} of {self.brand}"

    @property
    def is_behind(self) -> bool:
        """Something came, or may have, that we are not let or not yet here to fetch: the handle was
        connected since X was asked last, or X's quota is used up."""
        return self.is_catching_up or self.is_limited

    @property
    def is_catching_up(self) -> bool:
        """Nobody has asked X since the handle was connected."""
        connection = getattr(self.brand, "connection", None)
        if connection is None:
            return False
        return self.polled_at is None or self.polled_at < connection.connected_at
