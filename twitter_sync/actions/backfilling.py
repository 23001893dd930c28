"""Fetching what was said before a handle was connected, newest first, so that work can begin.

The first poll of a feed keeps its newest page and leaves a `Backfill` at its end: what stands below
is history. It is walked down page by page, within X's quota, beside the polls that bring the news;
items and place are kept in one transaction, so that a worker may die between any two pages. X shows
30 days of direct messages; of mentions and of own posts MOST_POSTS are taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.sequence import moment_of
from twitter_sync.actions.recording import record_items
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import OutOfCredits, RateLimited, Refused, TokenRejected, XError
from twitter_sync.feeds import SOURCES, Feed, ids_of, items_of, next_page_of, page_of_one
from twitter_sync.models import Backfill, RawEvent, SyncCursor

# Of mentions and of own posts, each: as far as X's timeline of mentions goes.
MOST_POSTS = 800
# A worker gives way after so many, each a call of up to 15 s, well before its task is ended
# (CELERY_TASK_TIME_LIMIT); the rest follows at once.
PAGES_AT_ONCE = 6
# For one page: a call, a token renewed and the call again. Then another worker may go on: one that
# died holds nothing up for long, one that is only slow finds its page kept.
LEASE = timedelta(seconds=45)
# When X gave no page, for whatever reason but its quota.
TRY_AGAIN_AFTER = timedelta(seconds=75)
# A walk begins again at the top when X no longer knows its page; so often in all, then it ends.
MOST_REFUSALS = 5
# These say nothing of the page that was asked for, and pass.
PASSING = (RateLimited, TokenRejected, OutOfCredits)

log = structlog.get_logger(__name__)


def begin(cursor: SyncCursor, answer: Answer) -> int:
    """Keeps the newest page of a feed and makes everything below it history. Returns how many
    items were new to the ledger. Call inside the transaction that moves the cursor."""
    ids = ids_of(items_of(answer))
    backfill = Backfill(cursor=cursor, newest_id=str(max(ids)) if ids else "")
    new = keep_page(backfill, answer)
    backfill.save()
    if not backfill.is_done:
        ring("twitter_sync.backfill", queue="default", backfill_id=backfill.pk)
    return new


def resume(brand: BrandAccount) -> None:
    """What was left unfinished is due: the handle is connected again."""
    begin_anew(brand)
    for backfill in Backfill.objects.unfinished().filter(cursor__brand=brand):
        Backfill.objects.filter(pk=backfill.pk).update(due_at=Now(), is_limited=False)
        ring("twitter_sync.backfill", queue="default", backfill_id=backfill.pk)


def begin_anew(brand: BrandAccount) -> None:
    """What was given up is walked from the top once more."""
    for backfill in Backfill.objects.given_up().filter(cursor__brand=brand):
        Backfill.objects.filter(pk=backfill.pk).update(
            given_up_at=None, refusals=0, failure="", page_token="", fetched=0, due_at=Now()
        )
        ring("twitter_sync.backfill", queue="default", backfill_id=backfill.pk)


def backfill(backfill_id: int) -> int:
    """Goes on with the history of one feed. Returns how many items were new to the ledger."""
    held = claim(backfill_id)
    if held is None:
        return 0
    found = 0
    try:
        client = Client.for_brand(held.cursor.brand, purpose=Purpose.HISTORY)
        for _ in range(PAGES_AT_ONCE):
            ask = SOURCES[Feed(held.cursor.feed)].ask
            held, new = keep(held, ask(client, "", held.page_token))
            found += new
            if held.is_done:
                return found
    except XError as error:
        put_off(held, error)
    else:
        due(held, timezone.now())
        ring("twitter_sync.backfill", queue="default", backfill_id=held.pk)
    return found


def claim(backfill_id: int) -> Backfill | None:
    """The row, ours for the time of the lease; None when it is not due."""
    if not Backfill.objects.due().filter(pk=backfill_id).update(due_at=Now() + LEASE):
        return None
    return Backfill.objects.select_related("cursor__brand").get(pk=backfill_id)


# One page


@transaction.atomic
def keep(held: Backfill, answer: Answer) -> tuple[Backfill, int]:
    """The items of a page and how far we are, in one transaction. Returns both.

    Another worker may have got as far meanwhile, when a lease ran out: then its page stands.
    """
    rows = Backfill.objects.select_related("cursor__brand").select_for_update(of=("self",))
    current = rows.get(pk=held.pk)
    if current.is_done or current.page_token != held.page_token:
        return current, 0
    new = keep_page(current, answer)
    current.due_at = timezone.now() + LEASE
    current.save()
    return current, new


def keep_page(backfill: Backfill, answer: Answer) -> int:
    """Items into the ledger, newest first as X gives them, and the row moved; the caller saves."""
    cursor = backfill.cursor
    items = [item for item in items_of(answer) if is_history(item, backfill)]
    items = items[: left(backfill)]
    kind = SOURCES[Feed(cursor.feed)].kind
    pages = (page_of_one(item, answer) for item in items)
    new = record_items(cursor.brand, kind, pages, source=RawEvent.Source.HISTORY)
    backfill.fetched += len(items)
    if ids := ids_of(items):
        backfill.reached_at = moment_of(min(ids))
    backfill.page_token = next_page_of(answer)
    backfill.is_limited, backfill.failure = False, ""
    if not backfill.page_token or left(backfill) == 0:
        backfill.done_at, backfill.page_token = timezone.now(), ""
    if new:
        ring("twitter_sync.apply", queue="ingest")
    return new


def is_history(item: dict[str, Any], backfill: Backfill) -> bool:
    """Not so what came since: a walk that had to begin again at the top meets it."""
    newest = int(backfill.newest_id or 0)
    return all(x_id <= newest for x_id in ids_of([item]))


def left(backfill: Backfill) -> int | None:
    """How many more may be taken; None while only X sets the end."""
    if backfill.cursor.feed == Feed.DMS:
        return None
    return max(0, MOST_POSTS - backfill.fetched)


# When next


def put_off(backfill: Backfill, error: XError) -> None:
    """X gave no page. A page that it no longer knows: the walk begins again at the top."""
    if isinstance(error, RateLimited):
        return due(backfill, error.resets_at, is_limited=True)
    log.warning("no history", backfill=backfill.pk, error=str(error))
    if isinstance(error, Refused) and not isinstance(error, PASSING):
        count_refusal(backfill)
    if backfill.page_token and type(error) is Refused:
        backfill.page_token, backfill.fetched = "", 0
    due(backfill, timezone.now() + TRY_AGAIN_AFTER, failure=error.reason[:300])


def count_refusal(backfill: Backfill) -> None:
    """Pages above it that X still gives don't make up for it: they are given every time."""
    backfill.refusals += 1
    if backfill.refusals >= MOST_REFUSALS:
        backfill.given_up_at = timezone.now()


def due(backfill: Backfill, at: datetime, *, is_limited: bool = False, failure: str = "") -> None:
    backfill.due_at, backfill.is_limited, backfill.failure = at, is_limited, failure
    backfill.save(
        update_fields=[
            "due_at",
            "is_limited",
            "failure",
            "page_token",
            "fetched",
            "refusals",
            "given_up_at",
        ]
    )
