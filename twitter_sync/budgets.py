"""How many calls X still lets us make: counted in Postgres, shared by all workers, corrected by
X's headers (reference: trust R9).

A call takes one from each window that it counts against, all or none, before it is made. Times are
the database's; X's are moved to it by the Date header, so a wrong clock does no harm (trust O9).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts import clock
from twitter_sync import answers
from twitter_sync.endpoints import LIMITS
from twitter_sync.errors import OutOfBudget
from twitter_sync.models import RateBudget
from twitter_sync.transport import Reply

APP = "app"
# A caller whose id is still unknown: X counts its one call, we don't.
UNCOUNTED = ""
SPANS = {"15m": timedelta(minutes=15), "24h": timedelta(hours=24)}
# After "too many" with a reset that is past or missing: never at once again.
SHORTEST_PAUSE = timedelta(seconds=30)
JITTER_SECONDS = 3.0
# After "too many connections": nothing is used up, but one of them has to end first.
A_STREAM_LATER = timedelta(seconds=60)
# Two resets this near are the same window of X.
SAME_WINDOW = timedelta(seconds=60)
# What the columns hold, and the year 9999: headers can say anything, at any length.
LONGEST_NUMBER = 20
MOST = 2**31 - 1
LATEST_RESET = 253_370_764_800


class Purpose(Enum):
    """Why a call is made."""

    AGENT = "someone waits for it"
    RECONCILE = "it settles an uncertain send"
    CATCH_UP = "it fetches what came while nobody listened"
    POLL = "it looks for news"
    MEDIA = "it fetches a picture that somebody sent"
    HISTORY = "it reads what was said long ago"
    PROFILE = "it is nice to have"
    RECHECK = "it looks whether what we show is still so on X"


# The share of each window that calls of a purpose leave to the more important ones.
KEPT = {
    Purpose.AGENT: 0.0,
    Purpose.RECONCILE: 0.0,
    # A hole is closed before anybody looks for more.
    Purpose.CATCH_UP: 0.1,
    Purpose.POLL: 0.2,
    Purpose.MEDIA: 0.2,
    Purpose.HISTORY: 0.4,
    Purpose.PROFILE: 0.5,
    Purpose.RECHECK: 0.7,
}


@dataclass(frozen=True, slots=True)
class Window:
    scope: str
    endpoint: str
    span: str
    allowed: int


_lifted: ContextVar[bool] = ContextVar("quotas are lifted", default=False)


@contextmanager
def lifted() -> Iterator[None]:
    """For a simulator that has lifted its quotas: nothing is counted, nor believed of headers."""
    token = _lifted.set(True)
    try:
        yield
    finally:
        _lifted.reset(token)


def user_scope(x_user_id: str) -> str:
    return f"user:{x_user_id}"


def windows(scope: str, endpoint: str) -> list[Window]:
    """The windows that one call counts against, always in the same order: rows are locked so."""
    if scope == UNCOUNTED or _lifted.get():
        return []
    limits = LIMITS[endpoint]
    is_app = scope == APP
    found = [Window(scope, endpoint, "15m", limits.app_15m if is_app else limits.user_15m)]
    if limits.user_24h and not is_app:
        found.append(Window(scope, endpoint, "24h", limits.user_24h))
    if limits.app_24h:
        found.append(Window(APP, endpoint, "24h", limits.app_24h))
    return found


def _told_of(scope: str, endpoint: str) -> list[Window]:
    """Days of which X's headers told, where its documents know of none."""
    known = windows(scope, endpoint)
    if not known:
        return []
    days = RateBudget.objects.filter(scope__in=[scope, APP], endpoint=endpoint, window="24h")
    counted = {(window.scope, window.span) for window in known}
    return [
        Window(day.scope, endpoint, "24h", day.allowed)
        for day in days.order_by("-scope")
        if (day.scope, "24h") not in counted
    ]


_TAKE = """
INSERT INTO twitter_sync_ratebudget AS held
    (scope, endpoint, "window", allowed, remaining, resets_at, updated_at)
VALUES (%(scope)s, %(endpoint)s, %(span)s, %(allowed)s, %(allowed)s - 1,
        statement_timestamp() + make_interval(secs => %(length)s), statement_timestamp())
ON CONFLICT (scope, endpoint, "window") DO UPDATE SET
    remaining = GREATEST(0, CASE WHEN held.resets_at <= statement_timestamp()
                                 THEN held.allowed ELSE held.remaining END - 1),
    resets_at = CASE WHEN held.resets_at <= statement_timestamp()
                     THEN excluded.resets_at ELSE held.resets_at END,
    updated_at = excluded.updated_at
WHERE held.resets_at <= statement_timestamp() OR held.remaining > ceil(held.allowed * %(kept)s)
"""


def take(scope: str, endpoint: str, *, purpose: Purpose = Purpose.AGENT) -> None:
    """Count one call that is about to be made. Raises OutOfBudget: then don't make it.

    Not inside a transaction (RuntimeError): its locks would wait for X, and its rollback would
    forget a call that was made.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        for window in [*windows(scope, endpoint), *_told_of(scope, endpoint)]:
            if not _took(cursor, window, purpose):
                raise OutOfBudget(endpoint=endpoint, resets_at=_resets_at(window))


def note(scope: str, endpoint: str, reply: Reply) -> datetime:
    """Believe what X's headers say is left. From when on the same may be called again."""
    if answers.is_about_connections(reply):
        note_headers(scope, endpoint, reply.headers)
        return clock.now() + A_STREAM_LATER
    if reply.status == 429:
        return _note_refusal(scope, endpoint, reply.headers)
    note_headers(scope, endpoint, reply.headers)
    return clock.now()


def note_headers(scope: str, endpoint: str, headers: Mapping[str, str]) -> None:
    if not windows(scope, endpoint):
        return
    for said in _said(scope, endpoint, headers):
        if said.resets_at > clock.now():
            _write(said)


def _note_refusal(scope: str, endpoint: str, headers: Mapping[str, str]) -> datetime:
    """X said "too many": nobody calls this before the moment returned (reference: trust O9)."""
    if not windows(scope, endpoint):
        return clock.now() + SPANS["15m"]
    empty = [said for said in _said(scope, endpoint, headers) if said.remaining == 0]
    soonest = clock.now() + SHORTEST_PAUSE
    jitter = timedelta(seconds=random.uniform(0, JITTER_SECONDS))  # noqa: S311 - spreads workers
    until = soonest
    for said in empty or [_unsaid(scope, endpoint, headers)]:
        until = max(until, said.resets_at + jitter)
        _write(replace(said, resets_at=max(soonest, said.resets_at + jitter)))
    return until


@dataclass(frozen=True, slots=True)
class Said:
    """One window as X's headers tell it."""

    window: Window
    remaining: int
    resets_at: datetime


def _said(scope: str, endpoint: str, headers: Mapping[str, str]) -> Iterator[Said]:
    for prefix, holder, span in (
        ("x-rate-limit", scope, "15m"),
        ("x-user-limit-24hour", scope, "24h"),
        ("x-app-limit-24hour", APP, "24h"),
    ):
        numbers = [headers.get(f"{prefix}-{name}") for name in ("limit", "remaining", "reset")]
        if all(number and is_number(number) for number in numbers):
            allowed, remaining, reset = (min(int(number or 0), LATEST_RESET) for number in numbers)
            window = Window(holder, endpoint, span, min(allowed, MOST))
            yield Said(window, min(remaining, MOST), _on_our_clock(reset, headers))


def is_number(said: str) -> bool:
    """Python itself refuses to read a number of thousands of digits."""
    return said.isdecimal() and len(said) <= LONGEST_NUMBER


def _on_our_clock(reset: int, headers: Mapping[str, str]) -> datetime:
    """X's reset as a moment of ours: so far from now as it is from X's own Date."""
    moment, now = datetime.fromtimestamp(reset, UTC), clock.now()
    try:
        return now + (moment - parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError, TypeError):
        return moment


def _unsaid(scope: str, endpoint: str, headers: Mapping[str, str]) -> Said:
    """Which window is empty when no header admits to it.

    Calls left in the quarter of an hour mean that the day is used up (reference: x-api §3.4).
    """
    asked = windows(scope, endpoint)
    days = [window for window in asked if window.span == "24h"]
    if days and headers.get("x-rate-limit-remaining", "0") != "0":
        return Said(days[0], 0, clock.now() + SPANS["15m"])
    return Said(asked[0], 0, _resets_at(asked[0]))


_WRITE = """
INSERT INTO twitter_sync_ratebudget AS held
    (scope, endpoint, "window", allowed, remaining, resets_at, updated_at)
VALUES (%(scope)s, %(endpoint)s, %(span)s, %(allowed)s, %(remaining)s, %(resets_at)s,
        statement_timestamp())
ON CONFLICT (scope, endpoint, "window") DO UPDATE SET
    allowed = excluded.allowed,
    -- Of the same window, calls still under way are counted by us and not yet by X.
    remaining = CASE WHEN held.allowed = excluded.allowed
                      AND excluded.resets_at < held.resets_at + make_interval(secs => %(same)s)
                     THEN LEAST(held.remaining, excluded.remaining)
                     ELSE excluded.remaining END,
    resets_at = excluded.resets_at,
    updated_at = excluded.updated_at
"""


def _write(said: Said) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                **_named(said.window),
                "remaining": said.remaining,
                "resets_at": said.resets_at,
                "same": SAME_WINDOW.total_seconds(),
            },
        )


def _named(window: Window) -> dict[str, str | int]:
    return {
        "scope": window.scope,
        "endpoint": window.endpoint,
        "span": window.span,
        "allowed": window.allowed,
    }


def _took(cursor: CursorWrapper, window: Window, purpose: Purpose) -> bool:
    cursor.execute(
        _TAKE,
        {**_named(window), "length": SPANS[window.span].total_seconds(), "kept": KEPT[purpose]},
    )
    return bool(cursor.rowcount)


def _resets_at(window: Window) -> datetime:
    held = RateBudget.objects.filter(
        scope=window.scope, endpoint=window.endpoint, window=window.span
    ).first()
    return held.resets_at if held else clock.now() + SPANS[window.span]
