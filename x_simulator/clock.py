"""X's clock: milliseconds since 1970, and the ways in which X writes a time."""

import time
from datetime import UTC, datetime
from email.utils import formatdate

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
DAY_MS = 24 * 60 * MINUTE_MS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso(ms: int) -> str:
    """2026-11-21T10:15:02.000Z"""
    stamp = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def iso_second(ms: int) -> str:
    """As X's REST answers write it: whole seconds, `.000Z`."""
    return iso(ms - ms % 1000)


def http_date(ms: int) -> str:
    """Sat, 21 Nov 2026 10:15:02 GMT"""
    return formatdate(ms // SECOND_MS, usegmt=True)


def parse_iso(text: str) -> int:
    """Milliseconds of an ISO 8601 time; raises ValueError. A time without a zone is UTC."""
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=UTC)
    return round(stamp.timestamp() * 1000)
