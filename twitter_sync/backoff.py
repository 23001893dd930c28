"""How long to wait before another try: longer each time, and never all at the same moment."""

from __future__ import annotations

import random
from datetime import timedelta

from accounts import clock
from twitter_sync.errors import RateLimited, StreamEnded, XError

FIRST_SECONDS = 15.0
LONGEST_SECONDS = 600.0


def delay(attempts: int) -> timedelta:
    """After `attempts` failures: 15 s to 10 min, with full jitter (trust R19)."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 4 ** max(0, attempts - 1))
    return timedelta(seconds=random.uniform(1, longest))  # noqa: S311 - spreads workers


# Before a stream is opened again, as X asks (reference: x-api §12).
NETWORK_STEP_SECONDS, NETWORK_LONGEST_SECONDS = 0.25, 16.0
HTTP_FIRST_SECONDS, HTTP_LONGEST_SECONDS = 5.0, 320.0
TOO_MANY_FIRST_SECONDS, TOO_MANY_LONGEST_SECONDS = 60.0, 960.0


def before_stream(error: XError, failures: int) -> timedelta:
    """How long to wait after `failures` ends or attempts in a row without one line of X.

    A stream that broke off is opened again at once; after that, longer each time: a little where
    the network failed, more where X answered, most where X says that it is too much.
    """
    if isinstance(error, RateLimited) or error.problem == "TooManyConnections":
        seconds = doubled(TOO_MANY_FIRST_SECONDS, failures, TOO_MANY_LONGEST_SECONDS)
        if isinstance(error, RateLimited):
            seconds = max(seconds, (error.resets_at - clock.now()).total_seconds())
        return timedelta(seconds=seconds)
    if isinstance(error, StreamEnded) and failures <= 1:
        return timedelta(0)
    if error.status is None:
        return timedelta(seconds=min(NETWORK_STEP_SECONDS * failures, NETWORK_LONGEST_SECONDS))
    return timedelta(seconds=doubled(HTTP_FIRST_SECONDS, failures, HTTP_LONGEST_SECONDS))


def doubled(first: float, failures: int, longest: float) -> float:
    return float(min(first * 2 ** min(max(0, failures - 1), 20), longest))
