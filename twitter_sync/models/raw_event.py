"""The inbound ledger: one body received, or one item of a polled page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount, User

if TYPE_CHECKING:
    from django.db.models.query import RawQuerySet

# Two lines, each with indexes of its own: news never waits behind a backlog of history. In each
# line every addressee has a share of a batch, so that the storm of one handle holds up no other
# (trust R20); who has waited longest comes first. A batch ends early where its bodies are large.
# An addressee is named as the bounds of a range: told that it is equal, Postgres may look for it
# along all others.
NEXT = """
WITH RECURSIVE addressees AS (
    (SELECT addressee FROM twitter_sync_rawevent WHERE {line} ORDER BY addressee LIMIT 1)
    UNION ALL
    SELECT (SELECT row.addressee FROM twitter_sync_rawevent row
            WHERE {line} AND row.addressee > addressees.addressee ORDER BY row.addressee LIMIT 1)
    FROM addressees WHERE addressees.addressee IS NOT NULL
), waiting AS (
    SELECT addressees.addressee, count(*) OVER () AS number
    FROM addressees CROSS JOIN LATERAL (
        SELECT due_at FROM twitter_sync_rawevent row
        WHERE {line} AND (row.addressee, due_at) >= (addressees.addressee, '-infinity')
          AND (row.addressee, due_at) <= (addressees.addressee, statement_timestamp())
        ORDER BY row.addressee, due_at, id LIMIT 1
    ) AS oldest
    ORDER BY oldest.due_at
), claimed AS MATERIALIZED (
    SELECT share.* FROM waiting CROSS JOIN LATERAL (
        SELECT id, due_at, octet_length(body) AS size FROM twitter_sync_rawevent row
        WHERE {line} AND (row.addressee, due_at) >= (waiting.addressee, '-infinity')
          AND (row.addressee, due_at) <= (waiting.addressee, statement_timestamp())
        ORDER BY row.addressee, due_at, id
        LIMIT greatest(1, %(limit)s / waiting.number) FOR UPDATE SKIP LOCKED
    ) AS share
    LIMIT %(limit)s
), counted AS (
    SELECT id, sum(size) OVER (ORDER BY due_at, id) - size AS before FROM claimed
)
SELECT row.* FROM counted JOIN twitter_sync_rawevent row USING (id)
WHERE counted.before < %(most_bytes)s ORDER BY row.due_at, row.id
"""
NEXT_NEWS = NEXT.replace("{line}", "state = 'pending' AND source <> 'history'")
NEXT_HISTORY = NEXT.replace("{line}", "state = 'pending' AND source = 'history'")

# Of direct messages in their usual size that is about a batch; a body of many messages makes many
# locks.
MOST_BYTES = 512 * 1024


class RawEventQuerySet(models.QuerySet["RawEvent"]):
    def visible_to(self, user: User) -> RawEventQuerySet:
        """What X told for the handles that `user` runs; what is nobody's is for the owner."""
        of_theirs = Q(brand__in=BrandAccount.objects.administered_by(user))
        return self.filter(of_theirs | Q(brand=None) if user.is_superuser else of_theirs)

    def dead(self) -> RawEventQuerySet:
        """Set aside: unreadable, or tried in vain as often as anything is."""
        return self.filter(state=RawEvent.State.DEAD)

    def orphans(self) -> RawEventQuerySet:
        """Told for an account of X, which they wait for, that is not connected here."""
        return self.filter(state=RawEvent.State.ORPHAN)

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
        """Due rows that nobody has in hand, ours until the transaction ends: the oldest of each
        addressee, so many that all have the same share. Fewer than there are, at least one."""
        return self.raw(NEXT_NEWS, {"limit": limit, "most_bytes": MOST_BYTES})

    def next_history(self, limit: int) -> RawQuerySet[RawEvent]:
        """Likewise, of what was said before its handle was connected: in order of its pages, which
        is newest first."""
        return self.raw(NEXT_HISTORY, {"limit": limit, "most_bytes": MOST_BYTES})


class RawEvent(models.Model):
    """`fact` is unique: the same delivery twice is one row. `body` is what X sent, every byte, but
    for what is gone from X since; it is empty from `emptied_at` on (`actions.emptying`).

    A post that cannot be placed yet is `waiting` until `waits_for`, an id of X, is known.
    `addressee` is the account of X, by id, that it is for, as far as that was seen at a glance; it
    says in whose line the row stands, and no more.
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
    addressee = models.CharField(max_length=20, blank=True, default="", db_default="")
    body = models.BinaryField()
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    waits_for = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
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
                "addressee", "due_at", "id", name="raw_news_of",
                condition=Q(state="pending") & ~Q(source="history"),
            ),
            models.Index(
                "addressee", "due_at", "id", name="raw_history_of",
                condition=Q(state="pending", source="history"),
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
