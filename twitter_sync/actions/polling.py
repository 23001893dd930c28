"""Asking X what is new, feed by feed: the check on the pushes, and the way when there are none.

Pages come newest first. A poll walks down until it meets what we hold; the cursor moves in the
transaction that keeps the rows, and only past ground that is whole (trust R5). Where the quota ends
first, the walk goes on from its page at the next poll.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.doorbell import ring
from inbox.sequence import moment_of
from twitter_sync.actions.recording import record_items
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import RateLimited, Refused, XError
from twitter_sync.models import Subscription, SyncCursor, Webhook

Feed = SyncCursor.Feed

# A worker gives way after so many pages, each a call of up to 15 s, well before its task is ended
# (CELERY_TASK_TIME_LIMIT); the rest follows at once.
PAGES_AT_ONCE = 6
# Of posts from before the handle was connected: what one poll can read.
PAGES_OF_HISTORY = PAGES_AT_ONCE
# Longer than PAGES_AT_ONCE calls take when X is slow; then another worker may poll.
LEASE = timedelta(minutes=3)
# As often as X's fifteen DM reads in a quarter of an hour allow, less what agents may need.
WITHOUT_PUSHES = timedelta(seconds=75)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """How a feed is asked for, and the first word of its facts in the ledger."""

    kind: str
    ask: Callable[[Client, SyncCursor], Answer]


SOURCES = {
    Feed.DMS: Source(
        "dm",
        lambda client, cursor: client.dm_events(page_token=cursor.page_token or None),
    ),
    Feed.MENTIONS: Source(
        "post",
        lambda client, cursor: client.mentions(
            since_id=cursor.newest_id or None, page_token=cursor.page_token or None
        ),
    ),
    Feed.OWN_POSTS: Source(
        "post",
        lambda client, cursor: client.own_posts(
            since_id=cursor.newest_id or None, page_token=cursor.page_token or None
        ),
    ),
}


def poll_due() -> int:
    """Rings for every feed of a connected handle that is due; new handles have all three due."""
    begin_feeds()
    due = SyncCursor.objects.filter(
        due_at__lte=Now(), brand__status=BrandAccount.Status.CONNECTED
    ).order_by("due_at")
    cursor_ids = list(due.values_list("pk", flat=True))
    for cursor_id in cursor_ids:
        ring("twitter_sync.poll", queue="default", cursor_id=cursor_id)
    return len(cursor_ids)


def begin_feeds() -> None:
    for brand in BrandAccount.objects.connected().filter(cursors=None):
        SyncCursor.objects.bulk_create(
            [SyncCursor(brand=brand, feed=feed) for feed in Feed], ignore_conflicts=True
        )


def poll(cursor_id: int) -> int:
    """Walks one feed down to known ground. Returns how many items were new to the ledger."""
    cursor = claim(cursor_id)
    if cursor is None:
        return 0
    asked_at, found = timezone.now(), 0
    try:
        client = Client.for_brand(cursor.brand, purpose=Purpose.POLL)
        for pages in range(1, PAGES_AT_ONCE + 1):
            answer = SOURCES[Feed(cursor.feed)].ask(client, cursor)
            cursor, new = keep(cursor, answer, asked_at=asked_at, pages=pages)
            found += new
            if not cursor.page_token:
                break
    except XError as error:
        put_off(cursor, error)
    else:
        rest(cursor)
    return found


def claim(cursor_id: int) -> SyncCursor | None:
    """The cursor, ours for the time of the lease; None when it is not due."""
    due = SyncCursor.objects.filter(pk=cursor_id, due_at__lte=Now())
    if not due.update(due_at=Now() + LEASE):
        return None
    return SyncCursor.objects.select_related("brand").get(pk=cursor_id)


# One page


@transaction.atomic
def keep(
    held: SyncCursor, answer: Answer, *, asked_at: datetime, pages: int
) -> tuple[SyncCursor, int]:
    """The items of a page and how far we are, in one transaction. Returns both."""
    rows = SyncCursor.objects.select_related("brand").select_for_update(of=("self",))
    cursor = rows.get(pk=held.pk)
    items = [item for item in answer.get("data") or [] if isinstance(item, dict)]
    kind = SOURCES[Feed(cursor.feed)].kind
    new = record_items(cursor.brand, kind, (page_of_one(item, answer) for item in items))
    ids = [int(item["id"]) for item in items if str(item.get("id", "")).isdecimal()]
    if ids and not cursor.page_token:
        cursor.pending_newest_id = str(max(ids))
    next_token = str((answer.get("meta") or {}).get("next_token") or "")
    if not next_token or meets_known_ground(cursor, ids) or is_history_enough(cursor, pages):
        arrive(cursor, asked_at)
    else:
        cursor.page_token = next_token
    cursor.polled_at, cursor.failure = timezone.now(), ""
    cursor.save()
    if new:
        ring("twitter_sync.apply", queue="ingest")
    return cursor, new


def meets_known_ground(cursor: SyncCursor, ids: list[int]) -> bool:
    return bool(cursor.newest_id and ids) and min(ids) <= int(cursor.newest_id)


def is_history_enough(cursor: SyncCursor, pages: int) -> bool:
    """The first walk goes all the way down through X's 30 days of DMs, but not of posts."""
    return not cursor.newest_id and cursor.feed != Feed.DMS and pages >= PAGES_OF_HISTORY


def arrive(cursor: SyncCursor, asked_at: datetime) -> None:
    """Everything up to where the walk began is held now."""
    began_before = bool(cursor.page_token) and cursor.pending_newest_id
    cursor.complete_to = moment_of(int(cursor.pending_newest_id)) if began_before else asked_at
    cursor.newest_id = str(
        max(int(cursor.newest_id or 0), int(cursor.pending_newest_id or 0)) or ""
    )
    cursor.page_token = cursor.pending_newest_id = ""


def page_of_one(item: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The item with what its page tells of it: people, posts, media, what X withheld."""
    includes = answer.get("includes") or {}
    named = set(leaves(item))
    posts = [
        post
        for post in [*listed(includes, "tweets"), *listed(includes, "posts")]
        if post.get("id") in named
    ]
    named |= {str(post.get("author_id")) for post in posts}
    return {
        "data": item,
        "includes": {
            "users": [one for one in listed(includes, "users") if one.get("id") in named],
            "tweets": posts,
            "media": [one for one in listed(includes, "media") if one.get("media_key") in named],
        },
        "errors": [one for one in listed(answer, "errors") if one.get("resource_id") in named],
    }


def listed(source: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = source.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def leaves(value: Any) -> Iterator[str]:
    """Every text inside `value`, and both halves of a conversation id."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value
        yield from value.split("-")[:2]


# When next


def rest(cursor: SyncCursor) -> None:
    """Until the next poll; at once when the walk is not over."""
    if cursor.page_token:
        due(cursor, timezone.now())
        ring("twitter_sync.poll", queue="default", cursor_id=cursor.pk)
    else:
        due(cursor, timezone.now() + pause(cursor.brand))


def pause(brand: BrandAccount) -> timedelta:
    is_subscribed = Subscription.objects.active().filter(brand=brand).exists()
    pushes_come = is_subscribed and Webhook.objects.filter(is_valid=True).exists()
    return timedelta(seconds=settings.X_POLL_SECONDS) if pushes_come else WITHOUT_PUSHES


def put_off(cursor: SyncCursor, error: XError) -> None:
    """X gave no page. A page token that it no longer takes is dropped: the walk begins anew."""
    if isinstance(error, RateLimited):
        return due(cursor, error.resets_at)
    log.warning("poll failed", feed=cursor.feed, brand=cursor.brand_id, error=str(error))
    later = timezone.now() + pause(cursor.brand)
    if cursor.page_token and type(error) is Refused:
        cursor.page_token = cursor.pending_newest_id = ""
    due(cursor, later, failure=error.reason[:300])


def due(cursor: SyncCursor, at: datetime, *, failure: str = "") -> None:
    cursor.due_at, cursor.failure = at, failure
    cursor.save(update_fields=["due_at", "failure", "page_token", "pending_newest_id"])
