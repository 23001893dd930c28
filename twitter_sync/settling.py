"""Waiting until everything that X told us is applied."""

from __future__ import annotations

import time
from collections.abc import Callable

from inbox.doorbell import ring_now
from twitter_sync.models import ConversationSearch, KnownPost, RawEvent

# Short enough for a person who waits, long enough for the database.
LOOKS_EVERY_SECONDS = 0.2

SEARCHES = "conversations to search"


class Unsettled(Exception):
    """Something is left after the time given; the text names what."""


def wait_until_settled(seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns when nothing is unapplied, no look-up is due and every conversation was searched for
    posts that nobody told us of. Raises Unsettled."""
    ends_at = time.monotonic() + seconds
    rung = False
    while left := unsettled():
        if time.monotonic() >= ends_at:
            words = ", ".join(f"{count} {what}" for what, count in left.items())
            raise Unsettled(f"Not settled after {seconds:g} s: {words}.")
        if left.keys() == {SEARCHES} and not rung:
            ring_now("twitter_sync.search", queue="default")
        rung = left.keys() == {SEARCHES}
        sleep(LOOKS_EVERY_SECONDS)


def unsettled() -> dict[str, int]:
    """What is left to do, in words, and how much of it."""
    counts = {
        "events to apply": RawEvent.objects.filter(state=RawEvent.State.PENDING).count(),
        "events that wait for another post": RawEvent.objects.filter(
            state=RawEvent.State.WAITING
        ).count(),
        "posts to look up": KnownPost.objects.to_look_up().count(),
        SEARCHES: ConversationSearch.objects.never_made().count(),
    }
    return {what: count for what, count in counts.items() if count}
