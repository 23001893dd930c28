"""The inbound ledger: one body received, or one item of a polled page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import BrandAccount, User

if TYPE_CHECKING:
    from django.db.models.query import RawQuerySet

# Two statements, each with an index of its own: news never waits behind a backlog of history.
NEXT_NEWS = """
SELECT * FROM twitter_sync_rawevent
WHERE state = 'pending' AND source <> 'history' AND due_at <= statement_timestamp()
ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
NEXT_HISTORY = """
SELECT * FROM twitter_sync_rawevent
WHERE state = 'pending' AND source = 'history' AND due_at <= statement_timestamp()
ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""


class RawEventQuerySet(models.QuerySet["RawEvent"]):
    def visible_to(self, user: User) -> RawEventQuerySet:
        """What X told for the handles that `user` runs; what is nobody's is for the owner."""
        of_theirs = Q(brand__in=BrandAccount.objects.administered_by(user))
        return self.filter(of_theirs | Q(brand=None) if user.is_superuser else of_theirs)

    def dead(self) -> RawEventQuerySet:
        """Set aside: unreadable, or tried in vain as often as anything is."""
        return self.filter(state=RawEvent.State.DEAD)

    def due(self) -> RawEventQuerySet:
        return self.filter(state=RawEvent.State.PENDING, due_at__lte=Now())

    def news(self) -> RawEventQuerySet:
        return self.exclude(source=RawEvent.Source.HISTORY)

    def history(self) -> RawEventQuerySet:
        return self.filter(source=RawEvent.Source.HISTORY)

    def unsorted(self) -> RawEventQuerySet:
        """Kept, and not in a conversation yet."""
        return self.filter(state__in=[RawEvent.State.PENDING, RawEvent.State.WAITING])

    def next_news(self, limit: int) -> RawQuerySet[RawEvent]:
        """The oldest due rows that nobody has in hand, ours until the transaction ends."""
        return self.raw(NEXT_NEWS, [limit])

    def next_history(self, limit: int) -> RawQuerySet[RawEvent]:
        """Likewise, of what was said before its handle was connected: in order of its pages, which
        is newest first."""
        return self.raw(NEXT_HISTORY, [limit])


class RawEvent(models.Model):
    """`fact` is unique: the same delivery twice is one row. `body` is what X sent, every byte, but
    for what is gone from X since; it is empty from `emptied_at` on (`actions.emptying`).

    A post that cannot be placed yet is `waiting` until `waits_for`, an id of X, is known.
    """

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        STREAM = "stream", "Stream"
        POLL = "poll", "Poll"
        LOOK_UP = "look_up", "Look-up"
        HISTORY = "history", "History"
        KEYWORD = "keyword", "Keyword"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        WAITING = "waiting", "Waits for another post"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Nothing of ours"
        ORPHAN = "orphan", "No such brand"
        DEAD = "dead", "Set aside"

    # What X tells by itself.
    PUSHED = (Source.WEBHOOK, Source.STREAM)

    source = models.CharField(max_length=7, choices=Source)
    fact = models.CharField(max_length=100, unique=True)
    brand = models.ForeignKey(
        "accounts.BrandAccount", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = models.BinaryField()
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    waits_for = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)

    objects = RawEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                "due_at", "id", name="raw_news",
                condition=Q(state="pending") & ~Q(source="history"),
            ),
            models.Index(
                "due_at", "id", name="raw_history", condition=Q(state="pending", source="history")
            ),
            models.Index(
                "brand", name="raw_history_left",
                condition=Q(state__in=["pending", "waiting"], source="history"),
            ),
            models.Index("waits_for", name="raw_waits", condition=Q(state="waiting")),
            models.Index(fields=["brand", "source", "-id"], name="raw_newest_of_brand"),
            models.Index(
                "received_at", "id", name="raw_with_words", condition=Q(emptied_at=None)
            ),
            models.Index("id", name="raw_dead", condition=Q(state__in=["dead", "orphan"])),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.source} {self.fact}"
