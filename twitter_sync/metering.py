"""Counting what we ask of X and what it will bill: by day, by caller, by kind.

Statements of their own, outside of transactions as the calls are: a row that all workers count in
is held for no longer than it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date
from typing import Any

from django.db import connection

from accounts import clock
from twitter_sync import billing
from twitter_sync.answers import Answer
from twitter_sync.billing import Kind
from twitter_sync.budgets import APP
from twitter_sync.errors import XError

# Of one caller, on one day.
Tally = Counter[tuple[str, date, Kind]]

_CALL = """
INSERT INTO twitter_sync_apicall AS held
    (scope, day, endpoint, made, failed, called_at, failed_at, failure, status)
VALUES (%(scope)s, %(day)s, %(endpoint)s, 1, %(failed)s, %(now)s, %(failed_at)s,
        %(failure)s, %(status)s)
ON CONFLICT (day, scope, endpoint) DO UPDATE SET
    made = held.made + 1,
    failed = held.failed + excluded.failed,
    called_at = excluded.called_at,
    failed_at = coalesce(excluded.failed_at, held.failed_at),
    failure = CASE WHEN excluded.failed = 1 THEN excluded.failure ELSE held.failure END,
    status = CASE WHEN excluded.failed = 1 THEN excluded.status ELSE held.status END
"""

# Always in one order: two callers that read the same posts wait for each other, not in a circle.
_READ = """
WITH fresh AS (
    INSERT INTO twitter_sync_readtoday (day, kind, x_id)
    SELECT %(day)s, kind, x_id FROM unnest(%(kinds)s::text[], %(ids)s::text[]) AS told (kind, x_id)
    ORDER BY kind, x_id
    ON CONFLICT DO NOTHING RETURNING kind
), counted AS (SELECT kind, count(*) AS amount FROM fresh GROUP BY kind ORDER BY kind)
INSERT INTO twitter_sync_usage AS held (scope, day, kind, amount)
SELECT %(scope)s, %(day)s, kind, amount FROM counted
ON CONFLICT (day, scope, kind) DO UPDATE SET amount = held.amount + excluded.amount
"""

_ADD = """
INSERT INTO twitter_sync_usage AS held (scope, day, kind, amount)
SELECT * FROM unnest(%(scopes)s::text[], %(days)s::date[], %(kinds)s::text[], %(amounts)s::int[])
       AS told (scope, day, kind, amount)
ORDER BY day, scope, kind
ON CONFLICT (day, scope, kind) DO UPDATE SET amount = held.amount + excluded.amount
"""


@contextmanager
def counted(scope: str, endpoint: str) -> Iterator[None]:
    """Around one call to X: that it was made, and how it failed if it did."""
    try:
        yield
    except XError as error:
        count_call(scope, endpoint, error)
        raise
    count_call(scope, endpoint)


def count_call(scope: str, endpoint: str, error: XError | None = None) -> None:
    now = clock.now()
    told: dict[str, str | int | date | None] = {
        "scope": scope or APP,
        "day": day_of_x(),
        "endpoint": endpoint,
        "failed": int(error is not None),
        "now": now,
        "failed_at": now if error else None,
        "failure": str(error)[:200] if error else "",
        "status": error.status if error else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CALL, told)


def count_answer(
    scope: str, endpoint: str, answer: Answer, *, sent: dict[str, Any] | None = None
) -> None:
    """What X bills for a call that it has answered. `sent` is the body of the call."""
    if found := billing.read(endpoint, answer):
        count_reads(scope, found)
    if done := billing.deed(endpoint, sent):
        add(Counter({(scope or APP, day_of_x(), done): 1}))


def count_reads(scope: str, found: set[billing.Read]) -> None:
    """Those that nobody has read today."""
    kinds, ids = zip(*found, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            {"scope": scope or APP, "day": day_of_x(), "kinds": list(kinds), "ids": list(ids)},
        )


def add(tally: Tally) -> None:
    if not tally:
        return
    scopes, days, kinds = zip(*tally, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "scopes": list(scopes),
                "days": list(days),
                "kinds": list(kinds),
                "amounts": list(tally.values()),
            },
        )


def day_of_x() -> date:
    """Today in UTC, as X counts its days."""
    return clock.now().astimezone(UTC).date()
