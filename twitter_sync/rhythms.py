"""How probable a silence is, from how customers are used to write. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
HOURS = 7 * 24
# Of so many conversations that were to be expected none comes once in eight thousand times, were
# they independent of each other. They are not quite, so nothing is called improbable that is not
# also well beyond what was seen before.
IMPROBABLE = 9.0
BEYOND = 1.5
# However much was to be expected, this long may always be chance, or lunch.
SHORTEST = timedelta(hours=1)


def hour_of_week(moment: datetime) -> int:
    """0 is Monday from 00:00 UTC."""
    moment = moment.astimezone(UTC)
    return moment.weekday() * 24 + moment.hour


def expected(rates: Sequence[float], since: datetime, until: datetime) -> float:
    """How many conversations somebody should have written in between."""
    weeks = max(0, (until - since) // timedelta(weeks=1))
    total, at = weeks * sum(rates), since + timedelta(weeks=weeks)
    while at < until:
        ends = min(until, next_hour(at))
        total += rates[hour_of_week(at)] * ((ends - at) / HOUR)
        at = ends
    return total


def next_hour(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(minute=0, second=0, microsecond=0) + HOUR


def is_improbable(rates: Sequence[float], longest: float, since: datetime, until: datetime) -> bool:
    """Whether a silence of that span says that something may be wrong. `longest` is the longest one
    that was seen, by what was to be expected."""
    if until - since < SHORTEST:
        return False
    return expected(rates, since, until) > max(IMPROBABLE, BEYOND * longest)
