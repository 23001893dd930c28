"""What a poll could not cover, as rows: `twitter_sync.actions.healing`, against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Message
from inbox.sequence import moment_of
from tests.twitter_sync.test_backfill import at, say_long_ago
from tests.twitter_sync.test_poll import cursor_of, poll_now, posts, writes
from tests.x import Simulator
from twitter_sync import budgets
from twitter_sync.actions import healing, walking
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.connecting import check_again, poll_soon
from twitter_sync.actions.healing import heal
from twitter_sync.actions.polling import poll
from twitter_sync.actions.sweeping import look
from twitter_sync.actions.walking import MOST_REFUSALS, PAGES_AT_ONCE
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.errors import NotSent, Refused
from twitter_sync.models import Connection, RateBudget, RawEvent, SyncCursor, SyncGap
from twitter_sync.transport import TOTAL_SECONDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(simulator: Simulator, brand: BrandAccount) -> dict[str, Any]:
    """Whose one message is held: everything after it is news."""
    customer = simulator.person()
    writes(simulator, customer, brand, "Before")
    assert poll_now(brand) == 1
    return customer


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Client.dm_events
    monkeypatch.setattr(
        Client, "dm_events", lambda self, **how: ask(self, **how | {"max_results": 4})
    )


@pytest.fixture
def freely(simulator: Simulator) -> Iterator[None]:
    simulator.post("quotas", lifted=True)
    with budgets.lifted():
        yield
    simulator.post("quotas", lifted=False)


def write_many(
    simulator: Simulator, customer: dict[str, Any], brand: BrandAccount, count: int
) -> list[str]:
    return [writes(simulator, customer, brand, f"No. {number}") for number in range(count)]


def held_ids() -> set[str]:
    return {fact.split(":")[2] for fact in RawEvent.objects.values_list("fact", flat=True)}


def holes(ids: list[str], brand: BrandAccount, feed: str = "dms") -> list[str]:
    """Ids that nobody has kept, though the cursor is past them and no gap covers them (V7)."""
    newest, known = int(cursor_of(brand, feed).newest_id or 0), held_ids()
    gaps = SyncGap.objects.unhealed().filter(brand=brand, feed=feed)
    return [
        x_id
        for x_id in ids
        if x_id not in known
        and int(x_id) <= newest
        and not gaps.filter(
            begins_at__lte=moment_of(int(x_id)), ends_at__gte=moment_of(int(x_id))
        ).exists()
    ]


def become_due(gap: SyncGap) -> None:
    RateBudget.objects.update(resets_at=timezone.now())
    SyncGap.objects.filter(pk=gap.pk).update(due_at=timezone.now())


def go_on(gap: SyncGap, *, most: int = 30) -> SyncGap:
    """As rings and sweeps would, until it is over or X says later."""
    for _ in range(most):
        heal(gap.pk)
        gap.refresh_from_db()
        if gap.is_over or gap.due_at > timezone.now():
            return gap
    raise AssertionError("it does not end")


# Left, and healed


def test_what_the_first_page_does_not_reach_is_a_gap(simulator, brand, customer, short_pages):
    before = cursor_of(brand)
    ids = write_many(simulator, customer, brand, 10)
    assert poll_now(brand) == 4
    cursor, gap = cursor_of(brand), SyncGap.objects.get()
    assert (cursor.newest_id, gap.after_id, gap.before_id) == (ids[-1], before.newest_id, ids[6])
    assert (gap.begins_at, gap.ends_at) == (before.complete_to, moment_of(int(ids[6])))
    assert (gap.brand, gap.feed, gap.reason, gap.is_over) == (brand, "dms", "pages", False)
    assert not holes(ids, brand)


def test_it_is_walked_down_to_what_was_held(simulator, brand, customer, short_pages):
    ids = write_many(simulator, customer, brand, 10)
    poll_now(brand)
    gap = go_on(SyncGap.objects.get())
    assert (gap.healed_by, gap.found) == ("poll", 6)
    assert timezone.now() - gap.healed_at < timedelta(seconds=5)
    assert held_ids() > set(ids)
    assert heal(gap.pk) == 0
    apply_due()
    assert Message.objects.count() == 11


def test_news_does_not_wait_for_it(simulator, brand, customer, short_pages):
    write_many(simulator, customer, brand, 10)
    poll_now(brand)
    newer = writes(simulator, customer, brand, "Meanwhile")
    assert poll_now(brand) == 1
    assert cursor_of(brand).newest_id == newer
    assert SyncGap.objects.count() == 1


def test_more_gaps_than_one_are_healed_each(simulator, brand, customer, short_pages):
    ids = write_many(simulator, customer, brand, 8)
    poll_now(brand)
    ids += write_many(simulator, customer, brand, 9)
    poll_now(brand)
    upper, lower = SyncGap.objects.order_by("-begins_at")
    assert not holes(ids, brand)
    assert [go_on(upper).found, go_on(lower).found] == [5, 4]
    assert not holes(ids, brand)


def test_posts_go_on_by_their_ids(simulator, brand, monkeypatch):
    """X takes an id for a place in a timeline, which no token can lose."""
    customer = simulator.person()
    posts(simulator, customer["id"], f"@{brand.handle} before")
    poll_now(brand, "mentions")
    ask = Client.mentions
    monkeypatch.setattr(Client, "mentions", lambda self, **how: ask(self, **how, max_results=5))
    ids = [posts(simulator, customer["id"], f"@{brand.handle} no. {n}") for n in range(13)]
    assert poll_now(brand, "mentions") == 5
    gap = SyncGap.objects.get()
    SyncGap.objects.update(page_token="stale")
    assert go_on(gap).found == 8
    assert not holes(ids, brand, "mentions")
    assert held_ids() > set(ids)


def test_a_post_that_x_lists_late_is_found_all_the_same(simulator, brand):
    """Below others that are held already: a poll asks from a little below them."""
    customer = simulator.person()
    now = timezone.now()
    for ago, text in ((60, "first"), (10, "second")):
        x_id = at(now - timedelta(seconds=ago))
        posts(simulator, customer["id"], f"@{brand.handle} {text}", id=x_id)
    poll_now(brand, "mentions")
    late = posts(
        simulator, customer["id"], f"@{brand.handle} late", id=at(now - timedelta(seconds=30))
    )
    assert poll_now(brand, "mentions") == 1
    assert late in held_ids()


# Within limits


def test_nine_hundred_messages_of_a_dead_webhook_are_all_found(simulator, brand, customer):
    """Trust I7: six hours, fifteen look-ups in a quarter of an hour. A hole is a row, always."""
    ids = say_long_ago(simulator, customer, brand, 900, every=timedelta(seconds=24))
    SyncCursor.objects.filter(brand=brand).update(
        newest_id=at(timezone.now() - timedelta(hours=7)),
        complete_to=timezone.now() - timedelta(hours=7),
    )
    poll_now(brand)
    assert not holes(ids, brand)
    gap = go_on(SyncGap.objects.get())
    assert not holes(ids, brand)
    assert gap.is_over
    assert held_ids() >= set(ids)
    asked = [call for call in simulator.calls("/2/dm_events") if call["user_id"] == brand.x_user_id]
    assert len(asked) <= 15


def test_the_quota_runs_out_and_it_goes_on_by_itself(simulator, brand, customer, short_pages):
    ids = write_many(simulator, customer, brand, 60)
    for feed in SyncCursor.Feed:
        poll_now(brand, feed)
    gap = go_on(SyncGap.objects.get())
    assert (gap.is_limited, gap.is_over, gap.found) == (True, False, 44)
    assert timezone.now() + timedelta(minutes=13) < gap.due_at
    assert not holes(ids, brand)
    assert checklist(brand).progress.complete_to == gap.begins_at
    assert look().gaps == []
    simulator.post("quotas", lifted=True)
    become_due(gap)
    assert look().gaps == [gap.pk]
    assert go_on(gap).is_over
    simulator.post("quotas", lifted=False)
    assert held_ids() > set(ids)


def test_a_worker_gives_way_after_some_pages(simulator, brand, customer, short_pages, freely):
    write_many(simulator, customer, brand, 4 * (PAGES_AT_ONCE + 3))
    poll_now(brand)
    gap = SyncGap.objects.get()
    assert heal(gap.pk) == 4 * PAGES_AT_ONCE
    assert look().gaps == [gap.pk]


def test_a_turn_is_over_before_its_task_is_ended(settings):
    assert PAGES_AT_ONCE * TOTAL_SECONDS < settings.CELERY_TASK_TIME_LIMIT
    assert walking.LEASE.total_seconds() > 2 * TOTAL_SECONDS


# What X does not show


def test_what_is_older_than_a_month_is_lost_and_said(simulator, brand, customer):
    away_since = timezone.now() - timedelta(days=40)
    SyncCursor.objects.filter(brand=brand, feed="dms").update(
        newest_id=at(away_since), complete_to=away_since
    )
    RawEvent.objects.all().delete()
    poll_now(brand)
    gap = SyncGap.objects.get()
    assert (gap.reason, gap.is_given_up, gap.begins_at) == ("reach", True, away_since)
    assert abs(timezone.now() - timedelta(days=30) - gap.ends_at) < timedelta(seconds=5)
    assert (look().gaps, heal(gap.pk)) == ([], 0)
    assert cursor_of(brand).complete_to > timezone.now() - timedelta(seconds=5)


def test_a_month_long_walk_ends_in_what_is_lost(simulator, brand, customer, short_pages):
    away_since = timezone.now() - timedelta(days=40)
    write_many(simulator, customer, brand, 6)
    SyncCursor.objects.filter(brand=brand, feed="dms").update(
        newest_id=at(away_since), complete_to=away_since
    )
    poll_now(brand)
    go_on(SyncGap.objects.get())
    healed, lost = SyncGap.objects.order_by("-begins_at")
    assert (healed.healed_by, healed.begins_at) == ("poll", lost.ends_at)
    assert (lost.reason, lost.begins_at, lost.healed_at) == ("reach", away_since, None)


def test_a_quiet_month_of_posts_loses_nothing(simulator, brand):
    customer = simulator.person()
    posts(simulator, customer["id"], f"@{brand.handle} hello")
    poll_now(brand, "mentions")
    long_ago = timezone.now() - timedelta(days=400)
    SyncCursor.objects.filter(feed="mentions").update(newest_id=at(long_ago), complete_to=long_ago)
    poll_now(brand, "mentions")
    assert not SyncGap.objects.exists()


def test_of_more_posts_than_x_lists_the_rest_is_lost(simulator, brand, freely, monkeypatch):
    """Here X lists nine mentions; of the 800 that it does list, a page more or less is doubted."""
    customer, ids = simulator.person(), []
    posts(simulator, customer["id"], f"@{brand.handle} before")
    poll_now(brand, "mentions")
    ground = cursor_of(brand, "mentions")
    source = healing.SOURCES[healing.Feed.MENTIONS]
    monkeypatch.setitem(healing.SOURCES, healing.Feed.MENTIONS, replace(source, most=9))
    monkeypatch.setattr(healing, "ONE_PAGE", 1)
    ids += [posts(simulator, customer["id"], f"@{brand.handle} no. {n}") for n in range(15)]
    listed, ask = set(ids[-9:]), Client.mentions

    def cut_short(self: Client, **how: Any) -> Any:
        page = ask(self, **how, max_results=5)
        told = [post for post in page.get("data", []) if post["id"] in listed]
        page["data"] = told
        if len(told) < 5:
            page["meta"].pop("next_token", None)
        return page

    monkeypatch.setattr(Client, "mentions", cut_short)
    poll_now(brand, "mentions")
    go_on(SyncGap.objects.get())
    lost = SyncGap.objects.lost().get()
    assert (lost.begins_at, lost.ends_at) == (ground.complete_to, moment_of(int(ids[-9])))
    assert not holes(ids, brand, "mentions")


# Whatever happens


def die_between_pages(simulator, brand, customer, monkeypatch, *, times: int) -> None:
    """A worker that is killed after it asked, or after it kept a page; then another goes on."""
    ids, keep, kept = write_many(simulator, customer, brand, 6 + 4 * times), healing.keep, []

    def die(gap: SyncGap, answer: Any) -> Any:
        kept.append(gap.page_token)
        if len(kept) % 3 == 2:
            raise SystemExit
        told = keep(gap, answer)
        if len(kept) % 3 == 0:
            raise SystemExit
        return told

    monkeypatch.setattr(healing, "keep", die)
    poll_now(brand)
    gap, deaths = SyncGap.objects.get(), 0
    while not gap.is_over:
        become_due(gap)
        try:
            heal(gap.pk)
        except SystemExit:
            deaths += 1
        gap.refresh_from_db()
        assert not holes(ids, brand)
    assert deaths >= times
    assert held_ids() > set(ids)
    assert RawEvent.objects.count() == len(ids) + 1


def test_a_worker_that_dies_between_pages_leaves_no_hole(
    simulator, brand, customer, short_pages, freely, monkeypatch
):
    """Trust I8, small."""
    die_between_pages(simulator, brand, customer, monkeypatch, times=6)


@pytest.mark.deep
def test_fifty_workers_that_die_between_pages_leave_no_hole(
    simulator, brand, customer, short_pages, freely, monkeypatch
):
    """Trust I8."""
    die_between_pages(simulator, brand, customer, monkeypatch, times=50)


def test_a_poll_that_dies_before_its_commit_moves_nothing(
    simulator, brand, customer, short_pages, monkeypatch
):
    ids, before = write_many(simulator, customer, brand, 6), cursor_of(brand)

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(healing, "leave_gap", die)
        with pytest.raises(SystemExit):
            poll_now(brand)
    assert cursor_of(brand).newest_id == before.newest_id
    assert (RawEvent.objects.count(), holes(ids, brand)) == (1, [])
    assert poll_now(brand) == 4


def test_a_page_that_another_worker_kept_meanwhile_stands(simulator, brand, customer, short_pages):
    """A lease ran out while X was slow: both have the same page in hand."""
    write_many(simulator, customer, brand, 20)
    poll_now(brand)
    slow = SyncGap.objects.select_related("brand").get()
    answer = Client.for_brand(brand).dm_events(page_token=slow.page_token)
    go_on(SyncGap.objects.get())
    gap, new = healing.keep(slow, answer)
    assert (new, gap.found) == (0, 16)


def test_a_page_that_x_no_longer_knows_begins_at_the_top(simulator, brand, customer, short_pages):
    ids = write_many(simulator, customer, brand, 12)
    poll_now(brand)
    gap = SyncGap.objects.get()
    SyncGap.objects.update(page_token="gone")
    heal(gap.pk)
    gap.refresh_from_db()
    assert (gap.page_token, bool(gap.failure), gap.is_over) == ("", True, False)
    become_due(gap)
    assert go_on(gap).found == 8
    assert held_ids() > set(ids)


def test_what_x_refuses_again_and_again_is_given_up_until_somebody_asks(
    simulator, brand, customer, short_pages, monkeypatch
):
    write_many(simulator, customer, brand, 12)
    poll_now(brand)
    gap = SyncGap.objects.get()

    def refuse(self: Client, **_: Any) -> None:
        raise Refused("Not this page.")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "dm_events", refuse)
        for _ in range(MOST_REFUSALS):
            become_due(gap)
            heal(gap.pk)
    gap.refresh_from_db()
    assert (gap.is_given_up, gap.failure, look().gaps) == (True, "Not this page.", [])
    check_again(brand)
    gap.refresh_from_db()
    assert go_on(gap).healed_by == "poll"


def test_x_being_away_is_no_reason_to_give_up(simulator, brand, customer, short_pages):
    write_many(simulator, customer, brand, 12)
    poll_now(brand)
    gap = SyncGap.objects.get()
    for _ in range(2 * MOST_REFUSALS):
        walking.put_off(gap, NotSent())
    assert not gap.is_given_up


def test_a_handle_that_is_away_goes_on_when_it_is_back(simulator, brand, customer, short_pages):
    ids = write_many(simulator, customer, brand, 12)
    poll_now(brand)
    gap = SyncGap.objects.get()
    BrandAccount.objects.update(status="disconnected")
    assert (heal(gap.pk), look().gaps) == (0, [])
    BrandAccount.objects.update(status="connected")
    SyncGap.objects.update(due_at=timezone.now() + timedelta(hours=1))
    Connection.objects.update(connected_at=timezone.now())
    poll_soon(brand)
    assert go_on(gap).is_over
    assert poll(cursor_of(brand).pk) == 0
    assert held_ids() > set(ids)
