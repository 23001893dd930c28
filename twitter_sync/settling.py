"""Waiting until everything that X told us is applied."""

from __future__ import annotations

import time
from collections.abc import Callable

from twitter_sync.models import KnownPost, RawEvent

# Short enough for a person who waits, long enough for the database.
LOOKS_EVERY_SECONDS = 0.2


class Unsettled(Exception):
    """Something is left after the time given; the text names what."""


def wait_until_settled(seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns when nothing is unapplied and no look-up is due. Raises Unsettled."""
    ends_at = time.monotonic() + seconds
    while left := unsettled():
        if time.monotonic() >= ends_at:
            raise Unsettled(f"Not settled after {seconds:g} s: {', '.join(left)}.")
        sleep(LOOKS_EVERY_SECONDS)


def unsettled() -> list[str]:
    """What is left to do, in words."""
    counts = {
        "events to apply": RawEvent.objects.filter(state=RawEvent.State.PENDING).count(),
        "events that wait for another post": RawEvent.objects.filter(
            state=RawEvent.State.WAITING
        ).count(),
        "posts to look up": KnownPost.objects.to_look_up().count(),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]
