"""Every minute: what X pushed is counted like what we asked for, and when a feed was last heard.

A push is read here when it has lain in the ledger for a while, not when it comes in: the webhook
does nothing but keep it (trust R2), and workers that apply rows would wait for each other at a
counter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import connection, transaction

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync import billing, metering
from twitter_sync.actions.measuring import held, measure
from twitter_sync.budgets import APP, user_scope
from twitter_sync.failures import where
from twitter_sync.feeds import Feed
from twitter_sync.metering import Tally
from twitter_sync.payloads import (
    DirectMessage,
    EncryptedMessage,
    Event,
    Post,
    PostDeletion,
    Unreadable,
    parse,
)

# Whatever was begun before a row that is so old has long committed, whatever its id.
SETTLED = timedelta(seconds=30)
ROWS_AT_ONCE = 1_000
MOST_TURNS = 20
FORGOTTEN_AT_ONCE = 20_000

# Bodies of pushes alone: what a poll found was counted when it asked.
NEXT_ROWS = """
SELECT id, source, received_at, CASE WHEN source IN ('webhook', 'stream') THEN body END
FROM twitter_sync_rawevent WHERE id > %s ORDER BY id LIMIT %s
"""
HEARD = """
INSERT INTO twitter_sync_lastheard AS held (brand_id, feed, source, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (brand_id, feed, source) DO UPDATE SET at = greatest(held.at, excluded.at)
"""
FORGET = """
DELETE FROM twitter_sync_readtoday WHERE id IN
    (SELECT id FROM twitter_sync_readtoday WHERE day < %s ORDER BY day LIMIT %s)
"""

log = structlog.get_logger(__name__)


def tally(now: datetime | None = None) -> None:
    now = now or clock.now()
    for _ in range(MOST_TURNS):
        if read_pushes(now) < ROWS_AT_ONCE:
            break
    forget_former_days(now)
    measure(now)


@transaction.atomic
def read_pushes(now: datetime) -> int:
    """Reads those of the next rows of the ledger, once. Returns how many rows it saw; none while
    another worker reads."""
    spending = held(now)
    if spending is None:
        return 0
    rows = settled_rows(spending.counted_to, now)
    told = [(row, event) for row in rows for event in events_of(row)]
    count(told)
    keep_last_heard(told)
    if rows:
        spending.counted_to = rows[-1].id
        spending.save(update_fields=["counted_to"])
    return len(rows)


@dataclass(frozen=True, slots=True)
class Row:
    """`body` is None for what no push brought."""

    id: int
    source: str
    received_at: datetime
    body: memoryview | None


def settled_rows(after: int, now: datetime) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ROWS, [after, ROWS_AT_ONCE])
        rows = [Row(*told) for told in cursor.fetchall()]
    young = (place for place, row in enumerate(rows) if row.received_at > now - SETTLED)
    return rows[: next(young, len(rows))]


def events_of(row: Row) -> tuple[Event, ...]:
    if row.body is None:
        return ()
    try:
        return parse(bytes(row.body)).events
    except Unreadable:
        # The ledger has set it aside and says so; nobody knows what X bills for it.
        return ()
    except Exception as error:
        # A poison row must not stop the count, as it doesn't stop the ledger.
        log.error("push not counted", row=row.id, **where(error))
        return ()


# What X bills


def count(told: Iterable[tuple[Row, Event]]) -> None:
    found: Tally = Counter()
    for row, event in told:
        if kind := billing.pushed(event):
            account = account_of(event)
            scope = user_scope(account) if account else APP
            found[scope, row.received_at.astimezone(UTC).date(), kind] += 1
    metering.add(found)


def account_of(event: Event) -> str:
    """Whom X told it, "" where it told nobody in particular."""
    return getattr(event, "for_user_id", None) or ""


# When a feed was last heard


def keep_last_heard(told: Iterable[tuple[Row, Event]]) -> None:
    last: dict[tuple[str, Feed, str], datetime] = {}
    for row, event in told:
        if feed := feed_of(event):
            key = account_of(event), feed, row.source
            last[key] = max(row.received_at, last.get(key, row.received_at))
    accounts = {account for account, _, _ in last}
    brands = dict(
        BrandAccount.objects.filter(x_user_id__in=accounts).values_list("x_user_id", "pk")
    )
    with connection.cursor() as cursor:
        for (account, feed, source), at in sorted(last.items()):
            if account in brands:
                cursor.execute(HEARD, [brands[account], feed, source, at])


def feed_of(event: Event) -> Feed | None:
    """The feed that should show it too."""
    match event:
        case DirectMessage() | EncryptedMessage():
            return Feed.DMS
        case Post() if event.author_id != event.for_user_id:
            return Feed.MENTIONS
        case Post() | PostDeletion():
            return Feed.OWN_POSTS
    return None


# Former days


def forget_former_days(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [now.astimezone(UTC).date(), FORGOTTEN_AT_ONCE])
