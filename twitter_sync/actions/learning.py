"""Learning a handle's usual hours from what its customers wrote in the last four weeks, once a day.

What an outage kept from us is fetched after it, so that it is no silence here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts import clock
from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.sequence import sequence_at
from twitter_sync.models import Rhythm
from twitter_sync.rhythms import HOURS, expected

WEEKS = 4
# With less than two weeks nobody knows what a usual Tuesday is.
LEAST = timedelta(days=14)
LEARNED_FOR = timedelta(days=1)

# A customer who writes five times in an hour is one who found us, not five.
HEARD = """
SELECT (extract(isodow FROM at)::int - 1) * 24 + extract(hour FROM at)::int AS hour, count(*)
FROM (
    SELECT DISTINCT conversation_id, date_trunc('hour', sent_at, 'UTC') AT TIME ZONE 'UTC' AS at
    FROM inbox_message
    WHERE brand_id = %s AND direction = 'in' AND sequence >= %s AND sent_at <= %s
) AS heard GROUP BY hour
"""
SILENCES = """
SELECT began, ended FROM (
    SELECT lag(sent_at) OVER (ORDER BY sequence, id) AS began, sent_at AS ended
    FROM inbox_message
    WHERE brand_id = %s AND direction = 'in' AND sequence >= %s AND sent_at <= %s
) AS pairs WHERE ended - began > interval '1 hour'
"""
OLDEST = """
SELECT sent_at FROM inbox_message
WHERE brand_id = %s AND direction = 'in' AND sequence >= %s ORDER BY sequence LIMIT 1
"""


def learn_due() -> int:
    """Rings for handles whose hours are to be learned (again). Returns for how many."""
    stale = Q(rhythm=None) | Q(rhythm__learned_at__lte=clock.now() - LEARNED_FOR)
    brand_ids = list(BrandAccount.objects.listening().filter(stale).values_list("pk", flat=True))
    for brand_id in brand_ids:
        ring_now("twitter_sync.learn", queue="default", brand_id=brand_id)
    return len(brand_ids)


def learn(brand_id: int, now: datetime | None = None) -> Rhythm | None:
    """What is usual for the handle; None while too little is known of it, or it is gone."""
    now = now or clock.now()
    began = first_heard(brand_id, now - timedelta(weeks=WEEKS))
    if began is None or now - began < LEAST:
        Rhythm.objects.filter(brand=brand_id).delete()
        return None
    rates = rates_since(brand_id, began, now)
    spans = asked(SILENCES, brand_id, began, now)
    longest = max((expected(rates, since, until) for since, until in spans), default=0.0)
    learned = {"rates": rates, "longest": longest, "learned_at": now}
    return Rhythm.objects.update_or_create(brand_id=brand_id, defaults=learned)[0]


def first_heard(brand_id: int, after: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, [brand_id, sequence_at(after)])
        row = cursor.fetchone()
    return max(after, row[0]) if row else None


def rates_since(brand_id: int, began: datetime, now: datetime) -> list[float]:
    weeks = (now - began) / timedelta(weeks=1)
    heard = {int(hour): count for hour, count in asked(HEARD, brand_id, began, now)}
    return [heard.get(hour, 0) / weeks for hour in range(HOURS)]


def asked(statement: str, brand_id: int, began: datetime, now: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [brand_id, sequence_at(began), now])
        return list(cursor.fetchall())
