"""The ledger keeps what X said for some days, and that X said it for good (trust P5).

Bodies of rows that are done are emptied after RAW_EVENT_DAYS; the row stays, so that its fact is
known when X tells it again. What was set aside, or told for a handle that is not connected, has
four times as long to be replayed; after that it is done as well. What still waits to be applied
stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.conf import settings
from django.db import connection

from accounts import clock
from accounts.doorbell import ring_now
from twitter_sync.models import ComplianceJob, Redaction

ROWS_AT_ONCE = 1_000
# A worker gives way after so long; the clock or the next ring goes on.
WORK_FOR = timedelta(seconds=30)
# What nobody could apply is kept so many times as long.
PATIENCE = 4

# Rows that a worker has in hand are passed over.
EMPTY = """
UPDATE twitter_sync_rawevent
SET body = '', emptied_at = %(now)s,
    state = CASE WHEN state = 'applied' THEN 'applied' ELSE 'ignored' END,
    waits_for = ''
WHERE id IN (
    SELECT id FROM twitter_sync_rawevent
    WHERE emptied_at IS NULL AND received_at < %(done_before)s
      AND CASE WHEN state IN ('applied', 'ignored')
               THEN coalesce(applied_at, received_at) < %(done_before)s
               WHEN state IN ('dead', 'orphan') THEN received_at < %(tried_before)s
               ELSE false END
    ORDER BY received_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
"""

log = structlog.get_logger(__name__)


def empty_old(now: datetime | None = None) -> int:
    """Empties what is old enough, for a while; rings again when more is left. Returns how many
    rows it emptied."""
    now, emptied = now or clock.now(), 0
    ends_at = monotonic() + WORK_FOR.total_seconds()
    while some := empty_some(now):
        emptied += some
        if monotonic() >= ends_at:
            ring_now("twitter_sync.empty_old", queue="default")
            break
    for model in (Redaction, ComplianceJob):
        model.objects.filter(finished_at__lt=now - kept_for()).delete()
    if emptied:
        log.info("old bodies of the ledger emptied", rows=emptied)
    return emptied


def kept_for() -> timedelta:
    return timedelta(days=settings.RAW_EVENT_DAYS)


def empty_some(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            EMPTY,
            {
                "now": now,
                "done_before": now - kept_for(),
                "tried_before": now - PATIENCE * kept_for(),
                "limit": ROWS_AT_ONCE,
            },
        )
        return int(cursor.rowcount)
