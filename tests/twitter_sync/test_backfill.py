"""The past of a handle that was just connected: `twitter_sync.actions.backfilling`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from inbox.sequence import sequence_at
from tests.twitter_sync.bodies import dm, event, push
from tests.x import Simulator
from twitter_sync import budgets, oauth
from twitter_sync.actions import backfilling, walking
from twitter_sync.actions.applying import HISTORY_EVERY, apply_due
from twitter_sync.actions.backfilling import MOST_POSTS, backfill, begin_anew
from twitter_sync.actions.connecting import connect, poll_soon
from twitter_sync.actions.polling import poll
from twitter_sync.actions.sweeping import look
from twitter_sync.actions.walking import MOST_REFUSALS, PAGES_AT_ONCE
from twitter_sync.client import Client
from twitter_sync.errors import NotSent, OutOfCredits, Refused, TokenRejected
from twitter_sync.models import Backfill, RateBudget, RawEvent, SyncCursor, SyncGap
from twitter_sync.models.raw_event import NEXT_HISTORY, NEXT_NEWS

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    brand = connected()
    poll_soon(brand)
    return brand


@pytest.fixture
def freely(simulator: Simulator) -> Iterator[None]:
    """Without X's quotas, and without ours."""
    simulator.post("quotas", lifted=True)
    with budgets.lifted():
        yield
    simulator.post("quotas", lifted=False)


@pytest.fixture
def next_window(simulator: Simulator) -> Iterator[Callable[[Backfill], None]]:
    """The clock moves: X's window is over, on its side and on ours."""

    def move(held: Backfill) -> None:
        simulator.post("quotas", lifted=True)
        become_due(held)

    yield move
    simulator.post("quotas", lifted=False)


_numbers = iter(range(10**6))


def at(moment: datetime) -> str:
    return str(sequence_at(moment) + next(_numbers))


def say_long_ago(
    simulator: Simulator,
    customer: dict[str, Any],
    brand: BrandAccount,
    count: int,
    *,
    every: timedelta = timedelta(hours=1),
) -> list[str]:
    """Messages, one an hour, up to an hour ago. Their ids, newest first."""
    now = timezone.now()
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    ids = [at(now - ago * every) for ago in range(1, count + 1)]
    told = [{"id": x_id, **pair, "text": f"No. {n}"} for n, x_id in enumerate(ids)]
    simulator.post("load", dms=told, posts=[])
    return ids


def post_long_ago(
    simulator: Simulator, author_id: str, text: str, count: int, *, every: int = 1
) -> list[str]:
    now = timezone.now()
    ids = [at(now - timedelta(minutes=ago * every)) for ago in range(1, count + 1)]
    told = [
        {"id": x_id, "author_id": author_id, "text": f"{text} {n}"} for n, x_id in enumerate(ids)
    ]
    simulator.post("load", dms=[], posts=told)
    return ids


def cursor_of(brand: BrandAccount, feed: str = "dms") -> SyncCursor:
    return brand.cursors.get(feed=feed)


def begin(brand: BrandAccount, feed: str = "dms") -> Backfill:
    """The first poll of a feed, and the history that it leaves."""
    poll(cursor_of(brand, feed).pk)
    return Backfill.objects.get(cursor__brand=brand, cursor__feed=feed)


def go_on(held: Backfill, *, most: int = 20) -> Backfill:
    """As rings and sweeps would, until it is done or X says later."""
    for _ in range(most):
        backfill(held.pk)
        held.refresh_from_db()
        if held.is_done or held.due_at > timezone.now():
            return held
    raise AssertionError("it does not end")


def held_ids(kind: str = "dm") -> list[str]:
    """X's ids in the ledger, in the order in which they are applied."""
    rows = RawEvent.objects.filter(fact__startswith=f"{kind}:").order_by("due_at", "id")
    return [row.fact.split(":")[2] for row in rows]


def become_due(held: Backfill) -> None:
    RateBudget.objects.update(resets_at=timezone.now())
    Backfill.objects.filter(pk=held.pk).update(due_at=timezone.now())


# What is fetched


def test_the_first_poll_keeps_a_page_and_leaves_the_rest_to_history(simulator, brand, customer):
    ids = say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)
    assert held_ids() == ids[:100]
    assert (held.fetched, held.is_done, held.newest_id) == (100, False, ids[0])
    cursor = cursor_of(brand)
    assert (cursor.newest_id, SyncGap.objects.exists()) == (ids[0], False)
    assert timezone.now() - cursor.complete_to < timedelta(seconds=5)


def test_work_can_begin_when_only_the_first_page_is_there(simulator, brand, customer):
    other = simulator.person()
    say_long_ago(simulator, other, brand, 105)
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("dms", **pair, text="Just now", deliver=False)
    begin(brand)
    apply_due(limit=1)
    conversation = Conversation.objects.get()
    assert conversation.preview == "Just now"
    assert conversation.unanswered_since is not None


def test_all_of_it_is_held_in_the_end_newest_first(simulator, brand, customer):
    ids = say_long_ago(simulator, customer, brand, 230)
    held = go_on(begin(brand))
    assert held.is_done
    assert held_ids() == ids
    assert held.fetched == 230
    apply_due(limit=300)
    conversation = Conversation.objects.get()
    assert conversation.message_count == 230
    assert [message.external_id for message in conversation.messages.in_order()] == ids[::-1]


def test_what_is_older_than_a_month_x_does_not_show(simulator, brand, customer):
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id, "deliver": False}
    for days in (31, 29):
        moment = timezone.now() - timedelta(days=days)
        simulator.post(
            "dms", **pair, text=f"{days} days", id=at(moment), created_at=moment.isoformat()
        )
    held = go_on(begin(brand))
    apply_due()
    assert [message.text for message in Message.objects.all()] == ["29 days"]
    assert held.is_done
    assert timedelta(days=28) < timezone.now() - held.reached_at < timedelta(days=30)


def test_of_posts_exactly_eight_hundred_are_taken(simulator, brand, customer, freely):
    ids = post_long_ago(simulator, customer["id"], f"@{brand.handle} no internet", MOST_POSTS + 30)
    held = go_on(begin(brand, "mentions"))
    assert held_ids("post") == ids[:MOST_POSTS]
    assert (held.fetched, held.is_done) == (MOST_POSTS, True)


def test_pages_of_any_size_end_at_eight_hundred(simulator, brand, customer, freely, monkeypatch):
    ids = post_long_ago(simulator, brand.x_user_id, "News", MOST_POSTS + 30)
    ask = Client.own_posts
    monkeypatch.setattr(Client, "own_posts", lambda self, **how: ask(self, **how, max_results=77))
    go_on(begin(brand, "own_posts"))
    assert held_ids("post") == ids[:MOST_POSTS]


def test_a_feed_without_a_past_is_done_at_once(simulator, brand):
    assert begin(brand).is_done
    assert begin(brand, "mentions").is_done


def test_what_comes_meanwhile_is_news(simulator, brand, customer):
    say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    newer = simulator.post("dms", **pair, text="Now", deliver=False)["id"]
    SyncCursor.objects.update(due_at=timezone.now())
    assert poll(cursor_of(brand).pk) == 1
    assert RawEvent.objects.get(fact__endswith=newer).source == "poll"
    assert go_on(held).fetched == 130
    assert RawEvent.objects.filter(source="history").count() == 130


# Within limits


def test_the_quota_runs_out_and_it_goes_on_by_itself(simulator, brand, customer, next_window):
    """Of X's fifteen reads history takes nine; what is left is for news and for agents."""
    ids = say_long_ago(simulator, customer, brand, 1_150)
    held = go_on(begin(brand))
    assert (held.fetched, held.is_done, held.is_limited) == (900, False, True)
    assert timezone.now() + timedelta(minutes=13) < held.due_at
    assert backfill(held.pk) == 0
    assert look().backfills == []

    next_window(held)
    assert look().backfills == [held.pk]
    held = go_on(held)
    assert (held.is_done, held.is_limited, held.fetched) == (True, False, 1_150)
    assert held_ids() == ids


def test_news_is_fetched_while_history_waits(simulator, brand, customer):
    say_long_ago(simulator, customer, brand, 1_000)
    held = go_on(begin(brand))
    assert held.is_limited
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("dms", **pair, text="Now", deliver=False)
    SyncCursor.objects.update(due_at=timezone.now())
    assert poll(cursor_of(brand).pk) == 1


def test_a_worker_gives_way_after_some_pages(simulator, brand, customer, freely):
    say_long_ago(simulator, customer, brand, 100 * (PAGES_AT_ONCE + 3))
    held = begin(brand)
    assert backfill(held.pk) == 100 * PAGES_AT_ONCE
    assert look().backfills == [held.pk]


@pytest.mark.parametrize("status", ["needs_reconnect", "disconnected"])
def test_a_handle_that_must_reconnect_goes_on_after_that(
    simulator, webhook_url, brand, customer, olga, status
):
    say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)
    BrandAccount.objects.update(status=status)
    assert (backfill(held.pk), look().backfills) == (0, [])
    connect(oauth.pair_of(simulator.consent({"id": brand.x_user_id})), by=olga)
    assert go_on(held).is_done


# Whatever happens


def test_a_worker_that_dies_between_page_and_commit_loses_nothing(
    simulator, brand, customer, monkeypatch
):
    ids = say_long_ago(simulator, customer, brand, 330)
    held = begin(brand)
    keep_page, kept = backfilling.keep_page, []

    def die(row: Backfill, answer: Any) -> int:
        new = keep_page(row, answer)
        kept.append(new)
        if len(kept) == 2:
            raise SystemExit
        return new

    with monkeypatch.context() as patch:
        patch.setattr(backfilling, "keep_page", die)
        with pytest.raises(SystemExit):
            backfill(held.pk)
    held.refresh_from_db()
    assert (held.fetched, RawEvent.objects.count()) == (200, 200)
    assert backfill(held.pk) == 0, "the dead worker's lease holds"
    become_due(held)
    go_on(held)
    assert held_ids() == ids


def test_twice_is_harmless(simulator, brand, customer):
    ids = say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)
    for _ in range(3):
        backfill(held.pk)
        Backfill.objects.filter(pk=held.pk).update(due_at=timezone.now())
    held.refresh_from_db()
    assert (held_ids(), held.fetched) == (ids, 130)


def test_a_page_that_another_worker_kept_meanwhile_stands(simulator, brand, customer):
    """A lease ran out while X was slow: both have the same page in hand."""
    say_long_ago(simulator, customer, brand, 330)
    begin(brand)
    slow = Backfill.objects.select_related("cursor__brand").get(cursor__feed="dms")
    answer = Client.for_brand(brand).dm_events(page_token=slow.page_token)
    backfill(slow.pk)
    held, new = backfilling.keep(slow, answer)
    assert (new, held.fetched, held.is_done) == (0, 330, True)


def test_a_page_that_x_no_longer_knows_begins_the_walk_anew(simulator, brand, customer):
    ids = say_long_ago(simulator, customer, brand, 230)
    held = begin(brand)
    Backfill.objects.filter(pk=held.pk).update(page_token="gone")
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("dms", **pair, text="Now", deliver=False)
    backfill(held.pk)
    held.refresh_from_db()
    assert (held.page_token, bool(held.failure), held.is_done) == ("", True, False)
    become_due(held)
    held = go_on(held)
    assert (held.fetched, held.failure, held_ids()) == (230, "", ids)


def refuse_below_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Client.dm_events

    def refuse(self: Client, *, page_token: str | None = None, **how: Any) -> Any:
        if page_token:
            raise Refused("Not this page.")
        return ask(self, **how)

    monkeypatch.setattr(Client, "dm_events", refuse)


def give_up(held: Backfill) -> Backfill:
    tries = 0
    while Backfill.objects.filter(pk=held.pk, given_up_at=None).exists():
        become_due(held)
        backfill(held.pk)
        tries += 1
        assert tries <= MOST_REFUSALS
    held.refresh_from_db()
    return held


def test_a_page_that_x_always_refuses_ends_the_walk_and_is_said(
    simulator, brand, customer, freely, monkeypatch
):
    say_long_ago(simulator, customer, brand, 230)
    held = begin(brand)
    refuse_below_the_top(monkeypatch)
    held = give_up(held)
    assert (held.failure, held.is_done, held.refusals) == ("Not this page.", False, MOST_REFUSALS)
    become_due(held)
    assert (backfill(held.pk), look().backfills) == (0, [])


def test_what_was_given_up_begins_anew_when_asked_for(
    simulator, brand, customer, freely, monkeypatch
):
    ids = say_long_ago(simulator, customer, brand, 230)
    held = begin(brand)
    with monkeypatch.context() as patch:
        refuse_below_the_top(patch)
        give_up(held)
    begin_anew(brand)
    assert look().backfills == [held.pk]
    held = go_on(held)
    assert (held.is_done, held.failure, held_ids()) == (True, "", ids)


def test_x_being_away_is_never_a_reason_to_give_up(simulator, brand, customer, monkeypatch):
    say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)
    held.page_token = "next"
    for error in (NotSent(), OutOfCredits(), TokenRejected()):
        for _ in range(MOST_REFUSALS):
            walking.put_off(held, error)
    held.refresh_from_db()
    assert (held.is_given_up, held.refusals, held.page_token) == (False, 0, "next")


def test_x_being_away_is_said_and_tried_again(simulator, brand, customer, monkeypatch):
    say_long_ago(simulator, customer, brand, 130)
    held = begin(brand)

    def away(self: Client, **_: Any) -> None:
        raise NotSent

    with monkeypatch.context() as patch:
        patch.setattr(Client, "dm_events", away)
        backfill(held.pk)
    held.refresh_from_db()
    assert (bool(held.failure), held.is_limited) == (True, False)
    become_due(held)
    assert go_on(held).failure == ""


# Fair


def test_news_does_not_wait_behind_the_past(client, simulator, brand, customer):
    say_long_ago(simulator, customer, brand, 90)
    begin(brand)
    person = type("Person", (), {"x_user_id": simulator.person()["id"]})
    push(client, event("dm.received", brand, told(person, brand, "Now!")))
    apply_due(limit=1)
    assert [message.text for message in Message.objects.all()] == ["Now!"]


def test_the_past_does_not_starve_behind_the_news(client, simulator, brand, customer):
    say_long_ago(simulator, customer, brand, 10)
    begin(brand)
    person = type("Person", (), {"x_user_id": simulator.person()["id"]})
    for number in range(2 * HISTORY_EVERY):
        push(client, event("dm.received", brand, told(person, brand, f"Now {number}")))
    apply_due(limit=2 * HISTORY_EVERY)
    assert Message.objects.filter(text__startswith="No. ").count() == 2


def test_a_push_wakes_a_worker_whatever_is_left_of_the_past(
    client, simulator, brand, customer, django_capture_on_commit_callbacks
):
    say_long_ago(simulator, customer, brand, 10)
    begin(brand)
    person = type("Person", (), {"x_user_id": simulator.person()["id"]})
    with django_capture_on_commit_callbacks() as rung:
        push(client, event("dm.received", brand, told(person, brand, "Now!")))
    assert len(rung) == 1


def told(person: Any, brand: BrandAccount, text: str) -> dict[str, Any]:
    return {"direct_message_events": [dm(person, brand, text)], "users": {}}


def test_each_line_has_an_index_of_its_own(db):
    RawEvent.objects.bulk_create(
        RawEvent(source=source, fact=f"{source} {n}", addressee=str(n % 20), body=b"{}")
        for source in ("webhook", "history")
        for n in range(1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE twitter_sync_rawevent")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for asked, index in ((NEXT_NEWS, "raw_news_of"), (NEXT_HISTORY, "raw_history_of")):
            cursor.execute(f"EXPLAIN {asked}", {"limit": 10, "most_bytes": 1_000})
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert f" {index} " in plan
            for other in ("Seq Scan", " raw_news ", " raw_history "):
                assert other not in plan
    assert " raw_news " in RawEvent.objects.news().due().explain()


def test_a_page_costs_the_same_however_long_it_is(simulator, brand, customer, monkeypatch):
    say_long_ago(simulator, customer, brand, 160)
    ask, counts = Client.dm_events, {}
    held = begin(brand)
    for size in (5, 50):
        monkeypatch.setattr(
            Client,
            "dm_events",
            lambda self, size=size, **how: ask(self, **how | {"max_results": size}),
        )
        row = Backfill.objects.select_related("cursor__brand").get(pk=held.pk)
        answer = Client.for_brand(brand).dm_events(page_token=row.page_token)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert backfilling.keep(row, answer)[1] == size
        counts[size] = [q for q in queries.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(counts[5]) == len(counts[50]) == 3
