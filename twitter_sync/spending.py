"""The owner's cap on what X may cost in a month: near it what can wait is slowed, at it only what
people wait for is asked of X. Sending never waits for it (trust T9)."""

from __future__ import annotations

from datetime import timedelta

from accounts import clock
from twitter_sync.budgets import Purpose
from twitter_sync.errors import CapReached
from twitter_sync.models import Spending
from twitter_sync.models.spending import ONLY

Pace = Spending.Pace

# What a clock asks for. Looking up what a customer's post answers is not among it: without that
# the post would be seen by nobody.
CAN_WAIT = {"dm_events", "mentions", "own_posts", "search", "users"}
NEVER_WAITS = {Purpose.AGENT, Purpose.RECONCILE}
WAITS_FIRST = {Purpose.HISTORY, Purpose.PROFILE}
SLOWED = 5


def require_leave(endpoint: str, purpose: Purpose) -> None:
    """Raises CapReached: then don't make the call."""
    can_wait = endpoint in CAN_WAIT or purpose == Purpose.RECHECK
    if not can_wait or purpose in NEVER_WAITS:
        return
    pace = pace_now()
    if pace == Pace.STOPPED or (pace == Pace.SLOW and purpose in WAITS_FIRST):
        raise CapReached(endpoint=endpoint)


def slowed(pause: timedelta) -> timedelta:
    """How long a clock rests that would rest so long as always."""
    return pause if pace_now() == Pace.FULL else pause * SLOWED


def pace_now() -> Pace:
    held = current()
    return held.pace_at(clock.now()) if held else Pace.FULL


def current() -> Spending | None:
    """None before the first minute of an installation."""
    return Spending.objects.filter(pk=ONLY).first()
