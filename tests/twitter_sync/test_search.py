"""Finding posts that nobody tells us of: `twitter_sync.actions.searching`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Contact, Message
from tests.twitter_sync.bodies import post
from tests.twitter_sync.small_x import Said
from tests.twitter_sync.test_poll import poll_now, posts
from tests.twitter_sync.working import settle
from twitter_sync import budgets, feeds
from twitter_sync.actions import searching
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.recording import record_items
from twitter_sync.actions.searching import (
    LONGEST_QUERY,
    MOST_AT_ONCE,
    REACH,
    SOONEST,
    Stint,
    Talk,
    claim,
    expect_more,
    next_due,
    query_for,
    search_due,
)
from twitter_sync.answers import Answer
from twitter_sync.client import Client
from twitter_sync.models import ConversationSearch, RateBudget, RawEvent

pytestmark = pytest.mark.django_db

SEARCH = "/2/tweets/search/recent"


@pytest.fixture
def asked(simulator, brand, customer) -> str:
    """The id of a question that is a message already, in a conversation never searched."""
    question = posts(simulator, customer["id"], f"@{brand.handle} help")
    poll_now(brand, "mentions")
    settle()
    return question


def heard(
    brand: BrandAccount, x_conversation_id: str, author_id: str, *, said_at: datetime
) -> None:
    expect_more([(Talk(brand.pk, x_conversation_id, author_id), said_at)])


def make_due() -> None:
    ConversationSearch.objects.update(due_at=timezone.now())


def said(brand: BrandAccount) -> list[str]:
    return [message.text for message in Message.objects.filter(brand=brand).in_order()]


def test_what_the_customer_says_to_others_in_their_thread_is_found(
    simulator, brand, customer, asked
):
    """It names nobody and answers a friend: no push, no feed of the handle has it."""
    friend = simulator.person()
    aside = posts(simulator, friend["id"], "same here", in_reply_to_post_id=asked)
    posts(simulator, customer["id"], "and it gets worse", in_reply_to_post_id=aside)
    assert search_due() == 1
    settle()
    assert [words.endswith("and it gets worse") for words in said(brand)] == [False, True]
    assert ConversationSearch.objects.get().searched_at is not None


def test_what_is_known_makes_no_work_a_second_time(simulator, brand, customer, asked):
    rows = RawEvent.objects.count()
    search_due()
    make_due()
    posts(simulator, customer["id"], "more", in_reply_to_post_id=asked)
    search_due()
    settle()
    assert RawEvent.objects.count() == rows + 1
    assert len(said(brand)) == 2


def test_the_next_search_asks_for_what_came_since(simulator, brand, asked):
    search_due()
    make_due()
    before = len(simulator.calls(SEARCH))
    assert search_due() == 1
    assert len(simulator.calls(SEARCH)) == before + 1
    assert ConversationSearch.objects.get().due_at > timezone.now()


def test_several_customers_share_a_call(simulator, brand):
    for number in range(20):
        heard(
            brand,
            str(1_900_000_000_000_000_000 + number),
            str(10**18 + number),
            said_at=timezone.now(),
        )
    before = len(simulator.calls(SEARCH))
    assert search_due() == 20
    assert len(simulator.calls(SEARCH)) == before + 3


def test_a_query_is_never_longer_than_x_takes(db, acme):
    for number in range(30):
        heard(acme, str(number), str(number + 1), said_at=timezone.now())
    assert len(claim()) == MOST_AT_ONCE
    for number in range(30):
        heard(acme, str(2**63 - 1 - number), str(2**63 - 1 - number), said_at=timezone.now())
    while searches := claim():
        assert len(query_for(searches)) <= LONGEST_QUERY
    assert ConversationSearch.objects.due().count() == 0


def test_two_brands_that_talk_with_one_person_ask_once(simulator, connected, customer):
    one, two = connected(), connected()
    root = posts(simulator, customer["id"], f"@{one.handle} @{two.handle} hey")
    for brand in (one, two):
        poll_now(brand, "mentions")
    settle()
    posts(simulator, customer["id"], "anyone?", in_reply_to_post_id=root)
    assert query_for(claim()) == f"conversation_id:{root} from:{customer['id']}"
    make_due()
    search_due()
    settle()
    assert said(one) == said(two)
    assert said(one)[1].endswith("anyone?")


def test_the_longer_it_is_quiet_the_rarer_it_is_asked():
    now = timezone.now()
    pauses = [next_due(now - timedelta(hours=hours), now) for hours in (0, 4, 24, 96)]
    assert [pause - now for pause in pauses if pause] == [
        SOONEST,
        timedelta(hours=2),
        timedelta(hours=12),
        timedelta(hours=24),
    ]
    assert next_due(now - REACH - timedelta(seconds=1), now) is None


def test_something_new_makes_it_young_again(acme):
    heard(acme, "1", "2", said_at=timezone.now())
    ConversationSearch.objects.update(
        heard_at=timezone.now() - timedelta(days=9), searched_at=timezone.now(), due_at=None
    )
    heard(acme, "1", "2", said_at=timezone.now())
    search = ConversationSearch.objects.get()
    assert search.due_at - search.heard_at == SOONEST


def told_long_after(brand: BrandAccount, author: Contact, ago: timedelta) -> None:
    """A mention out of the past of the handle."""
    told = post(author, f"@{brand.handle} help", names=[brand])
    told["created_at"] = (timezone.now() - ago).isoformat()
    source = RawEvent.Source.HISTORY
    record_items(brand, "post", [{"data": told, "includes": {}}], source=source)
    apply_due()


def test_what_was_said_before_x_reaches_back_makes_no_search(acme, carla):
    told_long_after(acme, carla, timedelta(days=20))
    assert Message.objects.count() == 1
    assert not ConversationSearch.objects.exists()


def test_what_was_said_some_days_ago_is_searched_as_rarely_as_that(acme, carla):
    told_long_after(acme, carla, timedelta(hours=20))
    search = ConversationSearch.objects.get()
    now = timezone.now()
    assert search.due_at <= now
    assert timedelta(hours=9) < next_due(search.heard_at, now) - now < timedelta(hours=11)


def test_the_past_of_a_thread_does_not_make_it_young_again(acme, carla):
    told_long_after(acme, carla, timedelta(hours=1))
    before = ConversationSearch.objects.values_list("heard_at", "due_at").get()
    search = ConversationSearch.objects.get()
    for ago in (timedelta(days=2), timedelta(days=9)):
        heard(
            acme,
            search.x_conversation_id,
            search.author_id,
            said_at=timezone.now() - ago,
        )
    assert ConversationSearch.objects.values_list("heard_at", "due_at").get() == before


def test_no_quota_left_puts_it_off_until_there_is(brand, asked):
    resets_at = timezone.now() + timedelta(minutes=7)
    RateBudget.objects.create(
        scope=budgets.APP,
        endpoint="search",
        window="15m",
        allowed=450,
        remaining=90,
        resets_at=resets_at,
    )
    assert search_due() == 0
    assert ConversationSearch.objects.get().due_at == resets_at


def test_a_handle_that_is_disconnected_is_not_searched_for(brand, asked):
    BrandAccount.objects.update(status=BrandAccount.Status.DISCONNECTED)
    assert search_due() == 0


# A stint


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Client.search
    monkeypatch.setattr(Client, "search", lambda *asked, **how: ask(*asked, **how, max_results=10))


@pytest.fixture
def one_call_a_stint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "Stint", lambda: Stint(calls=1))


def test_a_search_of_many_pages_goes_on_in_the_next_stint(
    simulator, brand, customer, asked, small_pages, one_call_a_stint
):
    for number in range(25):
        posts(simulator, customer["id"], f"No. {number}", in_reply_to_post_id=asked)
    before, standing = len(simulator.calls(SEARCH)), []
    while ConversationSearch.objects.due().exists():
        assert search_due() == 1
        search = ConversationSearch.objects.get()
        standing.append((bool(search.until_id), search.began_at and search.searched_at))
    assert standing == [(True, None), (True, None), (False, None)]
    assert len(simulator.calls(SEARCH)) == before + 3
    assert search.searched_at < search.due_at
    settle()
    assert len(said(brand)) == 26


def test_what_comes_while_a_search_goes_on_is_found_by_the_next(
    simulator, brand, customer, asked, small_pages, one_call_a_stint
):
    for number in range(15):
        posts(simulator, customer["id"], f"No. {number}", in_reply_to_post_id=asked)
    search_due()
    posts(simulator, customer["id"], "just now", in_reply_to_post_id=asked)
    search_due()
    settle()
    assert not any(words.endswith("just now") for words in said(brand))
    make_due()
    while ConversationSearch.objects.due().exists():
        search_due()
    settle()
    assert said(brand)[-1].endswith("just now")


def test_a_worker_that_dies_between_two_pages_asks_for_none_twice(
    simulator, brand, customer, asked, small_pages, monkeypatch
):
    for number in range(15):
        posts(simulator, customer["id"], f"No. {number}", in_reply_to_post_id=asked)
    before = len(simulator.calls(SEARCH))
    with monkeypatch.context() as patch:
        patch.setattr(searching, "next_page_of", dies_after_one())
        with pytest.raises(SystemExit):
            search_due()
    make_due()
    search_due()
    settle()
    assert len(said(brand)) == 16
    assert len(simulator.calls(SEARCH)) == before + 3


def dies_after_one() -> Callable[[Any], str]:
    tokens = []

    def next_page_of(answer: Any) -> str:
        if tokens:
            raise SystemExit
        tokens.append(feeds.next_page_of(answer))
        return tokens[0]

    return next_page_of


def test_a_stint_ends_before_its_task_is_ended_however_slow_x_is(brand, monkeypatch, settings):
    clock = [0.0]

    def slow(self: Client, query: str, **_: Any) -> Answer:
        clock[0] += 15
        return {"data": [], "meta": {"next_token": "more"}}

    monkeypatch.setattr(searching, "monotonic", lambda: clock[0])
    monkeypatch.setattr(Client, "search", slow)
    heard(brand, "1", "2", said_at=timezone.now())
    search_due()
    assert 0 < clock[0] < settings.CELERY_TASK_TIME_LIMIT
    assert ConversationSearch.objects.due().count() == 1


def test_a_question_that_x_refuses_costs_those_asked_with_it_nothing(acme, small_x):
    for author in ("11", "12", "13"):
        heard(acme, "1", author, said_at=timezone.now())
    refused, nothing = Said({"title": "Invalid Request"}, 400), {"meta": {"result_count": 0}}
    small_x.answer("POST /oauth2/token", {"access_token": "ours"})
    small_x.answer(f"GET {SEARCH}", refused, nothing, refused, nothing)
    assert search_due() == 3
    together, *alone = [call.query["query"] for call in small_x.calls if call.path == SEARCH]
    assert together == " OR ".join(alone)
    pauses = [
        (search.searched_at is None, search.due_at - timezone.now() > timedelta(hours=23))
        for search in ConversationSearch.objects.order_by("author_id")
    ]
    assert pauses == [(False, False), (True, True), (False, False)]
