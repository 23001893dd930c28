"""Fetching what was said before a handle was connected, newest first, so that work can begin.

The first poll of a feed keeps its newest page and leaves a `Backfill` at its end: what stands below
is history. It is walked down page by page, within X's quota, beside the polls that bring the news;
items and place are kept in one transaction, so that a worker may die between any two pages. X shows
30 days of direct messages; of mentions and of own posts MOST_POSTS are taken.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.sequence import moment_of
from twitter_sync.actions import walking
from twitter_sync.actions.recording import record_items
from twitter_sync.actions.walking import LEASE, claim, ring_for, walk_on
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.feeds import SOURCES, Feed, Stretch, ids_of, items_of, next_page_of, page_of_one
from twitter_sync.models import Backfill, RawEvent, SyncCursor

# Of mentions and of own posts, each: as far as X's timeline of mentions goes.
MOST_POSTS = 800


def begin(cursor: SyncCursor, answer: Answer) -> int:
    """Keeps the newest page of a feed and makes everything below it history. Returns how many
    items were new to the ledger. Call inside the transaction that moves the cursor."""
    ids = ids_of(items_of(answer))
    backfill = Backfill(cursor=cursor, newest_id=str(max(ids)) if ids else "")
    new = keep_page(backfill, answer)
    backfill.save()
    if not backfill.is_done:
        ring_for(backfill)
    return new


def resume(brand: BrandAccount) -> None:
    """What was left unfinished is due: the handle is connected again."""
    begin_anew(brand)
    walking.resume(Backfill.objects.unfinished().filter(cursor__brand=brand))


def begin_anew(brand: BrandAccount) -> None:
    """What was given up is walked from the top once more."""
    walking.begin_anew(Backfill.objects.given_up().filter(cursor__brand=brand))


def backfill(backfill_id: int) -> int:
    """Goes on with the history of one feed. Returns how many items were new to the ledger."""
    if not claim(Backfill.objects.due(), backfill_id):
        return 0
    held = Backfill.objects.select_related("cursor__brand").get(pk=backfill_id)
    return walk_on(held, held.cursor.brand, purpose=Purpose.HISTORY, ask=ask, keep=keep)


def ask(client: Client, held: Backfill) -> Answer:
    return SOURCES[Feed(held.cursor.feed)].ask(client, Stretch(page=held.page_token))


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
    current.due_at = clock.now() + LEASE
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
        backfill.done_at, backfill.page_token = clock.now(), ""
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
