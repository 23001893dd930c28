"""What tells whether handles are well: for their pages and for those who watch the installation.

Every statement is bounded and runs on an index, however long the ledger is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from accounts import clock
from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync.models import QuietSpell, RawEvent, SyncGap

# More than this is not counted: nobody needs to know how many exactly.
MOST_COUNTED = 10_000
# Its echo settles a message within seconds, a look at its feed within minutes.
SETTLED_WITHIN = timedelta(minutes=5)

State = RawEvent.State

# Two states in one partial index; what is counted is a scan of so many rows of it at most.
SET_ASIDE = """
SELECT state, brand_id, count(*) FROM (
    SELECT state, brand_id FROM twitter_sync_rawevent WHERE state IN ('dead', 'orphan') LIMIT %s
) AS aside GROUP BY state, brand_id
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """News that is kept and not sorted yet, of all handles together. `oldest_at` is since when the
    first of it has been due; None when nothing is."""

    rows: int
    oldest_at: datetime | None

    def age_at(self, now: datetime) -> timedelta:
        return now - self.oldest_at if self.oldest_at else timedelta(0)


def backlog() -> Backlog:
    due = RawEvent.objects.news().due().order_by("due_at", "id")
    oldest = due.values_list("due_at", flat=True).first()
    return Backlog(due[:MOST_COUNTED].count() if oldest else 0, oldest)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of the ledger that nobody is at, by brand; None stands for those of no known brand.
    `orphans` are told for handles that are not connected here."""

    dead: dict[int | None, int]
    orphans: int


def set_aside() -> SetAside:
    with connection.cursor() as cursor:
        cursor.execute(SET_ASIDE, [MOST_COUNTED])
        rows = cursor.fetchall()
    dead = {brand_id: count for state, brand_id, count in rows if state == State.DEAD}
    return SetAside(dead, sum(count for state, _, count in rows if state == State.ORPHAN))


def uncertain(brands: Iterable[BrandAccount]) -> dict[int, int]:
    """By brand: replies of which nobody knows for too long whether X has them."""
    since = clock.now() - SETTLED_WITHIN
    of_brands = Message.objects.filter(
        state=Message.State.UNCERTAIN, uncertain_since__lte=since, brand__in=brands
    )
    return by_brand(of_brands)


def overdue(brands: Iterable[BrandAccount]) -> dict[int, int]:
    """By brand: replies that nothing seems to hold up and that have not gone out for too long."""
    since = clock.now() - SETTLED_WITHIN
    return by_brand(
        Message.objects.filter(state=Message.State.QUEUED, not_before__lte=since, brand__in=brands)
    )


def gaps(brands: Iterable[BrandAccount]) -> dict[int, int]:
    """By brand: parts of feeds that are still being fetched."""
    return by_brand(SyncGap.objects.healing().filter(brand__in=brands))


def quiet(brands: Iterable[BrandAccount]) -> dict[int, int]:
    """By brand: 1 for those that are improbably quiet without being known to be."""
    return by_brand(QuietSpell.objects.under_way().filter(brand__in=brands, is_confirmed=False))


def by_brand(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("brand").annotate(Count("pk")))
