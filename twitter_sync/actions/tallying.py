"""Every minute: what X pushed is counted like what we asked for, and the month is added up.

A push is counted when it has lain in the ledger for a while, not when it comes in: the webhook does
nothing but keep it (trust R2), and workers that apply rows would wait for each other at a counter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions.letters import raise_alarm
from twitter_sync import billing, costs, metering
from twitter_sync.budgets import APP, user_scope
from twitter_sync.failures import where
from twitter_sync.metering import Tally
from twitter_sync.models import Spending
from twitter_sync.models.spending import ONLY, month_of
from twitter_sync.payloads import Unreadable, parse

# Whatever was begun before a row that is so old has long committed, whatever its id.
SETTLED = timedelta(seconds=30)
ROWS_AT_ONCE = 1_000
MOST_TURNS = 20
FORGOTTEN_AT_ONCE = 20_000

# Bodies of pushes alone: what a poll found was counted when it asked.
NEXT_ROWS = """
SELECT id, received_at, CASE WHEN source IN ('webhook', 'stream') THEN body END
FROM twitter_sync_rawevent WHERE id > %s ORDER BY id LIMIT %s
"""
FORGET = """
DELETE FROM twitter_sync_readtoday WHERE id IN
    (SELECT id FROM twitter_sync_readtoday WHERE day < %s ORDER BY day LIMIT %s)
"""

WORDS = {
    Spending.Pace.SLOW: "X has cost most of what you let a month cost, by Handled's count. News "
    "is fetched less often from now on.",
    Spending.Pace.STOPPED: "X has cost all that you let a month cost, by Handled's count. Nothing "
    "is fetched until you raise the limit or the next month begins.",
}

log = structlog.get_logger(__name__)


def tally(now: datetime | None = None) -> None:
    now = now or timezone.now()
    for _ in range(MOST_TURNS):
        if count_pushes(now) < ROWS_AT_ONCE:
            break
    forget_former_days(now)
    measure(now)


# Pushes


@transaction.atomic
def count_pushes(now: datetime) -> int:
    """Counts those of the next rows of the ledger, once. Returns how many rows it saw; none while
    another worker counts."""
    spending = held(now)
    if spending is None:
        return 0
    rows = settled_rows(spending.counted_to, now)
    metering.add(pushes_in(rows))
    if rows:
        spending.counted_to = rows[-1].id
        spending.save(update_fields=["counted_to"])
    return len(rows)


def held(now: datetime) -> Spending | None:
    """The one row, ours until the transaction ends."""
    Spending.objects.get_or_create(pk=ONLY, defaults={"month": month_of(now)})
    return Spending.objects.select_for_update(skip_locked=True).filter(pk=ONLY).first()


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    received_at: datetime
    body: memoryview | None


def settled_rows(after: int, now: datetime) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ROWS, [after, ROWS_AT_ONCE])
        rows = [Row(*told) for told in cursor.fetchall()]
    young = (place for place, row in enumerate(rows) if row.received_at > now - SETTLED)
    return rows[: next(young, len(rows))]


def pushes_in(rows: list[Row]) -> Tally:
    found: Tally = Counter()
    for row in rows:
        for scope, kind in billed_in(row):
            found[scope, row.received_at.astimezone(UTC).date(), kind] += 1
    return found


def billed_in(row: Row) -> Iterator[tuple[str, billing.Kind]]:
    if row.body is None:
        return
    try:
        events = parse(bytes(row.body)).events
    except Unreadable:
        # The ledger has set it aside and says so; nobody knows what X bills for it.
        return
    except Exception as error:
        # A poison row must not stop the count, as it doesn't stop the ledger.
        log.error("push not counted", row=row.id, **where(error))
        return
    for event in events:
        if kind := billing.pushed(event):
            told_to = getattr(event, "for_user_id", None)
            yield user_scope(told_to) if told_to else APP, kind


# Former days


def forget_former_days(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [now.astimezone(UTC).date(), FORGOTTEN_AT_ONCE])


# The month


@transaction.atomic
def measure(now: datetime) -> Spending | None:
    """The estimate for this month; the owner is written to when it slows or stops the reading."""
    spending = held(now)
    if spending is None:
        return None
    if spending.month != month_of(now):
        spending.month, spending.told = month_of(now), Spending.Pace.FULL
    spending.spent_usd = costs.total(costs.used_in(spending.month), costs.prices())
    spending.measured_at = now
    tell_owners(spending, now)
    spending.save()
    return spending


def tell_owners(spending: Spending, now: datetime) -> None:
    pace = spending.pace_at(now)
    if pace not in (spending.told, Spending.Pace.FULL):
        page = f"{settings.WEB_URL}{reverse('twitter_sync:costs')}"
        raise_alarm(f"{WORDS[pace]} What X pushes still comes in, and replies go out. See {page}")
    spending.told = pace
