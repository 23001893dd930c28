"""Asking X what is new, feed by feed: the check on the pushes, and the way when there are none.

One page, the newest first. The cursor moves in the transaction that keeps its rows, and only past
ground that is whole or that a gap covers (trust R5): what the page does not reach is `healing`'s.
What stands below the first page of all is history, and fetched by `backfilling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.models import Message
from inbox.sequence import moment_of, sequence_at
from twitter_sync import spending
from twitter_sync.actions import backfilling, healing
from twitter_sync.actions.recording import record_news
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import MAX_PAGE, Client
from twitter_sync.errors import RateLimited, XError
from twitter_sync.feeds import FEED_OF, SOURCES, Feed, Stretch, ids_of, items_of
from twitter_sync.models import Backfill, MissedPush, RawEvent, SyncCursor
from twitter_sync.pushes import DOUBTED_FOR, pause, ways_in

# Longer than one call takes, with a token renewed and the call again; then another may poll.
LEASE = timedelta(seconds=45)
# X may list a post some time after it was written, below others that we hold already.
LAG = timedelta(minutes=10)
# Beyond what pushes brought, a poll of messages looks at so many.
A_FEW = 10

# An unconfirmed message is looked for so long (`reconciling`), then it is the agent's to decide.
LOOKED_FOR = timedelta(minutes=10)

# Not asked for again at once.
JUST_ASKED = timedelta(seconds=30)
A_MOMENT = timedelta(seconds=5)

log = structlog.get_logger(__name__)


def poll_due() -> int:
    """Rings for every feed that is due, of paused handles too; new ones have all three due."""
    begin_feeds()
    hurry_after_silence()
    due = SyncCursor.objects.filter(
        due_at__lte=Now(), brand__status__in=BrandAccount.LISTENING
    ).order_by("due_at")
    cursor_ids = list(due.values_list("pk", flat=True))
    for cursor_id in cursor_ids:
        ring("twitter_sync.poll", queue="default", cursor_id=cursor_id)
    return len(cursor_ids)


def hurry_after_silence() -> None:
    """Polling had found what was not pushed, and now a push came: what else was said in between is
    asked for at once."""
    lately = clock.now() - DOUBTED_FOR
    doubted = MissedPush.objects.filter(found_at__gt=lately).order_by().values_list("brand")
    for brand_id, found_at in doubted.annotate(Max("found_at")):
        pushed = RawEvent.objects.filter(brand=brand_id, source__in=RawEvent.PUSHED)
        newest = pushed.order_by("-id").values_list("received_at", flat=True).first()
        if newest is not None and newest > found_at:
            # Not polled since that finding, which is a moment older than its poll's end.
            ask_at_once(
                SyncCursor.objects.filter(brand=brand_id, polled_at__lt=found_at + A_MOMENT)
                .filter(due_at__gt=Now())
                .exclude(is_limited=True)
            )


def hurry() -> None:
    """Something may have been missed: every feed is asked for at once, except those that were a
    moment ago and those whose quota is used up."""
    feeds = SyncCursor.objects.filter(brand__status__in=BrandAccount.LISTENING)
    feeds = feeds.exclude(polled_at__gt=clock.now() - JUST_ASKED)
    ask_at_once(feeds.exclude(is_limited=True, due_at__gt=Now()))


def ask_at_once(feeds: QuerySet[SyncCursor]) -> None:
    """Where X's quota is used up the poll finds that out, and says until when."""
    cursor_ids = list(feeds.values_list("pk", flat=True))
    SyncCursor.objects.filter(pk__in=cursor_ids).update(due_at=Now())
    for cursor_id in cursor_ids:
        ring("twitter_sync.poll", queue="default", cursor_id=cursor_id)


def begin_feeds() -> None:
    for brand in BrandAccount.objects.listening().filter(cursors=None):
        begin_feeds_of(brand)


def begin_feeds_of(brand: BrandAccount) -> None:
    """A cursor for each feed; one that is there stays where it is."""
    SyncCursor.objects.bulk_create(
        [SyncCursor(brand=brand, feed=feed) for feed in Feed], ignore_conflicts=True
    )


def poll(cursor_id: int) -> int:
    """Asks for the newest page of one feed. Returns how many items were new to the ledger."""
    cursor = claim(cursor_id)
    if cursor is None:
        return 0
    asked_at, found, leased_until = clock.now(), 0, cursor.due_at
    try:
        client = Client.for_brand(cursor.brand, purpose=purpose_of(cursor))
        stretch = Stretch(since=lowered(cursor.newest_id), size=size_of(cursor))
        answer = SOURCES[Feed(cursor.feed)].ask(client, stretch)
        cursor, found = keep(cursor, answer, asked_at=asked_at)
    except XError as error:
        put_off(cursor, error, leased_until)
    else:
        due(cursor, clock.now() + pause_after(cursor), leased_until)
    return found


def claim(cursor_id: int) -> SyncCursor | None:
    """The cursor, ours for the time of the lease; None when it is not due."""
    due = SyncCursor.objects.filter(pk=cursor_id, due_at__lte=Now())
    if not due.update(due_at=Now() + LEASE):
        return None
    return SyncCursor.objects.select_related("brand__connection").get(pk=cursor_id)


def purpose_of(cursor: SyncCursor) -> Purpose:
    """After a reconnect there is a hole to close, even where polls used up their share. An agent
    waits to hear what became of a message that X did not confirm."""
    if is_looked_in(cursor):
        return Purpose.RECONCILE
    return Purpose.CATCH_UP if cursor.is_catching_up else Purpose.POLL


def is_looked_in(cursor: SyncCursor) -> bool:
    """A message is doubted that would stand in this feed."""
    kinds = [kind for kind, feed in FEED_OF.items() if feed == cursor.feed]
    doubted = Message.objects.filter(
        brand=cursor.brand_id, kind__in=kinds, state=Message.State.UNCERTAIN
    )
    return doubted.filter(uncertain_since__gt=clock.now() - LOOKED_FOR).exists()


def lowered(newest_id: str) -> str:
    """From a little below what we hold: what X lists late comes along."""
    return str(sequence_at(moment_of(int(newest_id)) - LAG)) if newest_id else ""


def size_of(cursor: SyncCursor) -> int:
    """X can't be asked for messages since one, and bills all that it shows: while pushes bring
    them, a poll looks at those that came and a few more, to meet what was held before."""
    if cursor.feed != Feed.DMS or not cursor.newest_id or not ways_in(cursor.brand, Feed.DMS):
        return MAX_PAGE
    came = Message.objects.filter(
        brand=cursor.brand_id, kind=Message.Kind.DM, sequence__gt=int(cursor.newest_id)
    )
    return min(MAX_PAGE, came[:MAX_PAGE].count() + A_FEW)


@transaction.atomic
def keep(held: SyncCursor, answer: Answer, *, asked_at: datetime) -> tuple[SyncCursor, int]:
    """The items of the page and how far we are, in one transaction. Returns both."""
    rows = SyncCursor.objects.select_related("brand").select_for_update(of=("self",))
    cursor = rows.get(pk=held.pk)
    if is_the_first(cursor):
        new = backfilling.begin(cursor, answer)
    else:
        new = record_news(cursor.brand, Feed(cursor.feed), answer)
        healing.leave_gap(cursor, answer, asked_at=asked_at)
    ids = ids_of(items_of(answer))
    cursor.newest_id = str(max([*ids, int(cursor.newest_id or 0)], default=0) or "")
    cursor.complete_to = max(asked_at, cursor.complete_to or asked_at)
    cursor.polled_at, cursor.failure, cursor.is_limited = clock.now(), "", False
    cursor.save()
    return cursor, new


def is_the_first(cursor: SyncCursor) -> bool:
    """Nothing of this feed is held yet: what stands below the page is history."""
    return not cursor.newest_id and not Backfill.objects.filter(cursor=cursor).exists()


# When next


def pause_after(cursor: SyncCursor) -> timedelta:
    return spending.slowed(pause(cursor.brand, Feed(cursor.feed)))


def put_off(cursor: SyncCursor, error: XError, leased_until: datetime) -> None:
    if isinstance(error, RateLimited):
        return due(cursor, error.resets_at, leased_until, is_limited=True)
    log.warning("poll failed", feed=cursor.feed, brand=cursor.brand_id, error=str(error))
    later = clock.now() + pause_after(cursor)
    due(cursor, later, leased_until, failure=error.reason[:300])


def due(
    cursor: SyncCursor,
    at: datetime,
    leased_until: datetime,
    *,
    is_limited: bool = False,
    failure: str = "",
) -> None:
    """Gives the lease back. Whoever made the feed due meanwhile wants it asked for at once: then
    the row is no longer ours to change."""
    SyncCursor.objects.filter(pk=cursor.pk, due_at=leased_until).update(
        due_at=at, is_limited=is_limited, failure=failure
    )
