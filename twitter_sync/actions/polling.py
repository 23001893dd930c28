"""Asking X what is new, feed by feed: the check on the pushes, and the way when there are none.

Pages come newest first. A poll walks down until it meets what we hold; the cursor moves in the
transaction that keeps the rows, and only past ground that is whole (trust R5). Where the quota ends
first, the walk goes on from its page at the next poll. What stands below the first page of all is
history, and fetched by `backfilling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.models import Message
from inbox.sequence import moment_of
from twitter_sync.actions import backfilling
from twitter_sync.actions.recording import record_items
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import RateLimited, Refused, XError
from twitter_sync.feeds import SOURCES, Feed, ids_of, items_of, next_page_of, page_of_one
from twitter_sync.models import Backfill, Subscription, SyncCursor, Webhook

# A worker gives way after so many pages, each a call of up to 15 s, well before its task is ended
# (CELERY_TASK_TIME_LIMIT); the rest follows at once.
PAGES_AT_ONCE = 6
# Longer than PAGES_AT_ONCE calls take when X is slow; then another worker may poll.
LEASE = timedelta(minutes=3)
# As often as X's fifteen DM reads in a quarter of an hour allow, less what agents may need.
WITHOUT_PUSHES = timedelta(seconds=75)

log = structlog.get_logger(__name__)


def poll_due() -> int:
    """Rings for every feed that is due, of paused handles too; new ones have all three due."""
    begin_feeds()
    due = SyncCursor.objects.filter(
        due_at__lte=Now(), brand__status__in=BrandAccount.LISTENING
    ).order_by("due_at")
    cursor_ids = list(due.values_list("pk", flat=True))
    for cursor_id in cursor_ids:
        ring("twitter_sync.poll", queue="default", cursor_id=cursor_id)
    return len(cursor_ids)


def begin_feeds() -> None:
    for brand in BrandAccount.objects.listening().filter(cursors=None):
        SyncCursor.objects.bulk_create(
            [SyncCursor(brand=brand, feed=feed) for feed in Feed], ignore_conflicts=True
        )


def poll(cursor_id: int) -> int:
    """Walks one feed down to known ground. Returns how many items were new to the ledger."""
    cursor = claim(cursor_id)
    if cursor is None:
        return 0
    asked_at, found, leased_until = timezone.now(), 0, cursor.due_at
    try:
        client = Client.for_brand(cursor.brand, purpose=purpose_of(cursor))
        for _ in range(PAGES_AT_ONCE):
            ask = SOURCES[Feed(cursor.feed)].ask
            cursor, new = keep(
                cursor, ask(client, cursor.newest_id, cursor.page_token), asked_at=asked_at
            )
            found += new
            if not cursor.page_token:
                break
    except XError as error:
        put_off(cursor, error, leased_until)
    else:
        rest(cursor, leased_until)
    return found


def claim(cursor_id: int) -> SyncCursor | None:
    """The cursor, ours for the time of the lease; None when it is not due."""
    due = SyncCursor.objects.filter(pk=cursor_id, due_at__lte=Now())
    if not due.update(due_at=Now() + LEASE):
        return None
    return SyncCursor.objects.select_related("brand__connection").get(pk=cursor_id)


def purpose_of(cursor: SyncCursor) -> Purpose:
    """After a reconnect a gap is to be closed, even where polls and history used up their share."""
    is_late = cursor.is_catching_up or bool(cursor.page_token)
    return Purpose.CATCH_UP if is_late else Purpose.POLL


# One page


@transaction.atomic
def keep(held: SyncCursor, answer: Answer, *, asked_at: datetime) -> tuple[SyncCursor, int]:
    """The items of a page and how far we are, in one transaction. Returns both."""
    rows = SyncCursor.objects.select_related("brand").select_for_update(of=("self",))
    cursor = rows.get(pk=held.pk)
    ids = ids_of(items_of(answer))
    if ids and not cursor.page_token:
        cursor.pending_newest_id = str(max(ids))
    if is_the_first(cursor):
        new, next_page = backfilling.begin(cursor, answer), ""
    else:
        new, next_page = keep_news(cursor, answer), next_page_of(answer)
    if not next_page or meets_known_ground(cursor, ids):
        arrive(cursor, asked_at)
    else:
        cursor.page_token = next_page
    cursor.polled_at, cursor.failure, cursor.is_limited = timezone.now(), "", False
    cursor.save()
    return cursor, new


def is_the_first(cursor: SyncCursor) -> bool:
    """Nothing of this feed is held yet: what stands below the page is history."""
    is_new = not cursor.newest_id and not cursor.page_token
    return is_new and not Backfill.objects.filter(cursor=cursor).exists()


def keep_news(cursor: SyncCursor, answer: Answer) -> int:
    items = unheard(cursor, items_of(answer))
    pages = (page_of_one(item, answer) for item in items)
    new = record_items(cursor.brand, SOURCES[Feed(cursor.feed)].kind, pages)
    if new:
        ring("twitter_sync.apply", queue="ingest")
    return new


def unheard(cursor: SyncCursor, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that are messages of the brand already: a push brought them."""
    kind = Message.Kind.DM if cursor.feed == Feed.DMS else Message.Kind.PUBLIC
    told = [str(item.get("id")) for item in items]
    held = Message.objects.filter(brand=cursor.brand_id, kind=kind, external_id__in=told)
    known = set(held.values_list("external_id", flat=True))
    return [item for item in items if item.get("id") not in known]


def meets_known_ground(cursor: SyncCursor, ids: list[int]) -> bool:
    return bool(cursor.newest_id and ids) and min(ids) <= int(cursor.newest_id)


def arrive(cursor: SyncCursor, asked_at: datetime) -> None:
    """Everything up to where the walk began is held now."""
    began_before = bool(cursor.page_token) and cursor.pending_newest_id
    cursor.complete_to = moment_of(int(cursor.pending_newest_id)) if began_before else asked_at
    cursor.newest_id = str(
        max(int(cursor.newest_id or 0), int(cursor.pending_newest_id or 0)) or ""
    )
    cursor.page_token = cursor.pending_newest_id = ""


# When next


def rest(cursor: SyncCursor, leased_until: datetime) -> None:
    """Until the next poll; at once when the walk is not over."""
    if cursor.page_token:
        due(cursor, timezone.now(), leased_until)
        ring("twitter_sync.poll", queue="default", cursor_id=cursor.pk)
    else:
        due(cursor, timezone.now() + pause(cursor.brand), leased_until)


def pause(brand: BrandAccount) -> timedelta:
    is_subscribed = Subscription.objects.active().filter(brand=brand).exists()
    pushes_come = is_subscribed and Webhook.objects.filter(is_valid=True).exists()
    return timedelta(seconds=settings.X_POLL_SECONDS) if pushes_come else WITHOUT_PUSHES


def put_off(cursor: SyncCursor, error: XError, leased_until: datetime) -> None:
    """X gave no page. A page token that it no longer takes is dropped: the walk begins anew."""
    if isinstance(error, RateLimited):
        return due(cursor, error.resets_at, leased_until, is_limited=True)
    log.warning("poll failed", feed=cursor.feed, brand=cursor.brand_id, error=str(error))
    later = timezone.now() + pause(cursor.brand)
    if cursor.page_token and type(error) is Refused:
        cursor.page_token = cursor.pending_newest_id = ""
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
        due_at=at,
        is_limited=is_limited,
        failure=failure,
        page_token=cursor.page_token,
        pending_newest_id=cursor.pending_newest_id,
    )
