"""Covering what a cursor has passed: gaps in a feed, walked down from their newest end.

A poll moves its cursor to the top of the first page. What stands between that page and known ground
becomes a `SyncGap` in the same transaction, so that the news never waits for a long walk and no
hole is without a row (trust R5). Gaps are walked before the next polls; what X no longer shows
stays, as lost.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from accounts import clock
from accounts.models import BrandAccount
from inbox.sequence import moment_of
from twitter_sync.actions import walking
from twitter_sync.actions.recording import record_news
from twitter_sync.actions.walking import LEASE, claim, ring_for, walk_on
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.feeds import DM_REACH, SOURCES, Feed, Stretch, ids_of, items_of, next_page_of
from twitter_sync.models import SyncCursor, SyncGap

# Where fewer are left of what X shows of a feed, it may have cut the list short.
ONE_PAGE = 100

Reason = SyncGap.Reason
log = structlog.get_logger(__name__)


# Opening


def leave_gap(cursor: SyncCursor, answer: Answer, *, asked_at: datetime) -> None:
    """What the first page does not reach, as a row. Call inside the transaction that moves the
    cursor, before it moves."""
    ids = ids_of(items_of(answer))
    if meets(cursor.newest_id, ids):
        return
    gap = gap_below(ids, cursor, next_page_of(answer), asked_at)
    if not gap.page_token:
        lose_what_x_hides(gap)
    else:
        gap.save()
        ring_for(gap)
        log.info("gap opened", brand=gap.brand_id, feed=gap.feed, gap=gap.pk)


def gap_below(ids: list[int], cursor: SyncCursor, page_token: str, asked_at: datetime) -> SyncGap:
    """From the items of the first page down to known ground; not saved."""
    top = moment_of(min(ids)) if ids else asked_at
    return SyncGap(
        brand=cursor.brand,
        feed=cursor.feed,
        reason=Reason.PAGES,
        begins_at=min(known_until(cursor), top),
        ends_at=top,
        after_id=cursor.newest_id,
        before_id=str(min(ids)) if ids else "",
        page_token=page_token,
        fetched=len(ids),
        opened_at=asked_at,
    )


def known_until(cursor: SyncCursor) -> datetime:
    if cursor.complete_to is not None:
        return cursor.complete_to
    return moment_of(int(cursor.newest_id or 0))


def meets(ground: str, ids: list[int]) -> bool:
    """Whether a page reaches down to an item that was held before."""
    return bool(ground and ids) and min(ids) <= int(ground)


def lose_what_x_hides(gap: SyncGap) -> None:
    """X's list ended without meeting known ground: what is older than its reach, if anything can
    be, is a gap for good."""
    ends_at = end_of_the_hidden(gap)
    if ends_at is None or ends_at <= gap.begins_at:
        return
    lost = SyncGap.objects.create(
        brand=gap.brand,
        feed=gap.feed,
        reason=Reason.REACH,
        begins_at=gap.begins_at,
        ends_at=ends_at,
        after_id=gap.after_id,
        before_id=gap.before_id,
        opened_at=gap.opened_at,
        given_up_at=clock.now(),
    )
    gap.begins_at = ends_at
    log.warning("gap for good", brand=lost.brand_id, feed=lost.feed, gap=lost.pk)


def end_of_the_hidden(gap: SyncGap) -> datetime | None:
    """Up to when X shows nothing of the feed; None where it showed all."""
    most = SOURCES[Feed(gap.feed)].most
    if most is None:
        return min(gap.opened_at - DM_REACH, gap.ends_at)
    return gap.reached_at or gap.ends_at if gap.fetched > most - ONE_PAGE else None


# Walking


def heal(gap_id: int) -> int:
    """Goes on with one gap. Returns how many items were new to the ledger."""
    if not claim(SyncGap.objects.due(), gap_id):
        return 0
    held = SyncGap.objects.select_related("brand").get(pk=gap_id)
    return walk_on(held, held.brand, purpose=Purpose.CATCH_UP, ask=ask, keep=keep)


def ask(client: Client, gap: SyncGap) -> Answer:
    source = SOURCES[Feed(gap.feed)]
    if source.is_by_id:
        return source.ask(client, Stretch(since=gap.after_id, until=gap.before_id))
    return source.ask(client, Stretch(page=gap.page_token))


@transaction.atomic
def keep(held: SyncGap, answer: Answer) -> tuple[SyncGap, int]:
    """The items of a page and how far we are, in one transaction. Returns both.

    Another worker may have got as far meanwhile, when a lease ran out: then its page stands.
    """
    rows = SyncGap.objects.select_related("brand").select_for_update(of=("self",))
    gap = rows.get(pk=held.pk)
    if gap.is_over or place_of(gap) != place_of(held):
        return gap, 0
    new = record_news(gap.brand, Feed(gap.feed), answer)
    ids = ids_of(items_of(answer))
    gap.found += new
    gap.fetched += len(ids)
    if ids:
        gap.before_id = str(min([*ids, int(gap.before_id or max(ids))]))
        gap.reached_at = moment_of(int(gap.before_id))
    gap.page_token = next_page_of(answer)
    gap.is_limited, gap.failure, gap.due_at = False, "", clock.now() + LEASE
    if meets(gap.after_id, ids) or not gap.page_token:
        close(gap, is_whole=meets(gap.after_id, ids))
    gap.save()
    return gap, new


def place_of(gap: SyncGap) -> tuple[str, str]:
    return gap.page_token, gap.before_id


def close(gap: SyncGap, *, is_whole: bool) -> None:
    """Everything that X shows of it is held. The caller saves."""
    if not is_whole:
        lose_what_x_hides(gap)
    gap.healed_at, gap.healed_by, gap.page_token = clock.now(), SyncGap.Means.POLL, ""
    log.info("gap healed", brand=gap.brand_id, feed=gap.feed, gap=gap.pk, found=gap.found)


# When the handle is back


def resume(brand: BrandAccount) -> None:
    """What was left unfinished is due: the handle is connected again."""
    begin_anew(brand)
    walking.resume(SyncGap.objects.healing().of_feeds().filter(brand=brand))


def begin_anew(brand: BrandAccount) -> None:
    """What X refused again and again is asked for once more; what it no longer shows is not."""
    refused = SyncGap.objects.lost().of_feeds().filter(brand=brand, refusals__gt=0)
    walking.begin_anew(refused)
