"""Waiting until everything that X told us is applied."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from twitter_sync.models import ConversationSearch, KnownPost, RawEvent, SyncCursor, SyncGap

# Short enough for a person who waits, long enough for the database.
LOOKS_EVERY_SECONDS = 0.2

SEARCHES = "conversations to search"


class Unsettled(Exception):
    """Something is left after the time given; the text names what."""


def wait_until_settled(seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Returns when nothing is unapplied, no look-up is due, every feed was read since the last push
    and every conversation was searched for what X never pushes. Raises Unsettled."""
    ends_at = time.monotonic() + seconds
    read_feeds()
    rung = False
    while left := unsettled():
        if time.monotonic() >= ends_at:
            words = ", ".join(f"{count} {what}" for what, count in left.items())
            raise Unsettled(f"Not settled after {seconds:g} s: {words}.")
        if left.keys() == {SEARCHES} and not rung:
            ring_now("twitter_sync.search", queue="default")
        rung = left.keys() == {SEARCHES}
        sleep(LOOKS_EVERY_SECONDS)


def read_feeds() -> None:
    """Has X asked now for what it may have told us in vain; each feed's own clock would do so."""
    if behind().update(due_at=Now()):
        ring_now("twitter_sync.poll_due", queue="default")


def behind() -> QuerySet[SyncCursor]:
    """Feeds that were not read since the last push; not those that X does not let us read."""
    pushes = RawEvent.objects.filter(source__in=RawEvent.PUSHED)
    last_push = pushes.order_by("-pk").values("received_at")[:1]
    feeds = SyncCursor.objects.filter(brand__in=BrandAccount.objects.listening())
    return feeds.filter(polled_at__lt=last_push, failure="", is_limited=False)


def unsettled() -> dict[str, int]:
    """What is left to do, in words, and how much of it."""
    counts = {
        "events to apply": RawEvent.objects.filter(state=RawEvent.State.PENDING).count(),
        "events that wait for another post": RawEvent.objects.filter(
            state=RawEvent.State.WAITING
        ).count(),
        "feeds to read": behind().count(),
        "gaps to heal": SyncGap.objects.healing().of_feeds().filter(is_limited=False).count(),
        "posts to look up": KnownPost.objects.to_look_up().count(),
        SEARCHES: ConversationSearch.objects.never_made().count(),
    }
    return {what: count for what, count in counts.items() if count}
