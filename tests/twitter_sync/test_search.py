"""Finding posts that nobody tells us of: `twitter_sync.actions.searching`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Contact, Message
from tests.twitter_sync.bodies import post
from tests.twitter_sync.test_poll import poll_now, posts
from tests.x import Simulator
from twitter_sync import budgets
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import look_up_due
from twitter_sync.actions.recording import record_items
from twitter_sync.actions.searching import (
    LONGEST_QUERY,
    MOST_AT_ONCE,
    REACH,
    SOONEST,
    claim,
    expect_more,
    next_due,
    query_for,
    search_due,
)
from twitter_sync.models import ConversationSearch, RateBudget, RawEvent

pytestmark = pytest.mark.django_db

SEARCH = "/2/tweets/search/recent"


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    return connected()


@pytest.fixture
def customer(simulator: Simulator) -> dict[str, Any]:
    return simulator.person()


@pytest.fixture
def asked(simulator, brand, customer) -> str:
    """The id of a question that is a message already, in a conversation never searched."""
    question = posts(simulator, customer["id"], f"@{brand.handle} help")
    poll_now(brand, "mentions")
    settle()
    return question


def settle() -> None:
    while apply_due() + look_up_due():
        pass


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
        expect_more(
            brand.pk,
            str(1_900_000_000_000_000_000 + number),
            str(10**18 + number),
            said_at=timezone.now(),
        )
    before = len(simulator.calls(SEARCH))
    assert search_due() == 20
    assert len(simulator.calls(SEARCH)) == before + 3


def test_a_query_is_never_longer_than_x_takes(db, acme):
    for number in range(30):
        expect_more(acme.pk, str(number), str(number + 1), said_at=timezone.now())
    assert len(claim()) == MOST_AT_ONCE
    for number in range(30):
        expect_more(
            acme.pk, str(2**63 - 1 - number), str(2**63 - 1 - number), said_at=timezone.now()
        )
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
    expect_more(acme.pk, "1", "2", said_at=timezone.now())
    ConversationSearch.objects.update(
        heard_at=timezone.now() - timedelta(days=9), searched_at=timezone.now(), due_at=None
    )
    expect_more(acme.pk, "1", "2", said_at=timezone.now())
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
        expect_more(
            acme.pk,
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
