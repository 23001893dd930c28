"""What is asked of X is counted: calls, and what X will bill for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.x import Simulator
from twitter_sync import metering
from twitter_sync.billing import Kind
from twitter_sync.budgets import user_scope
from twitter_sync.client import Client
from twitter_sync.errors import NotSent, OutOfBudget, XError
from twitter_sync.models import ApiCall, RateBudget, ReadToday, Usage

Connected = Callable[..., BrandAccount]
ACME, GLOBEX = user_scope("1"), user_scope("2")
pytestmark = pytest.mark.django_db


def used(scope: str = ACME) -> dict[str, int]:
    return dict(Usage.objects.filter(scope=scope).values_list("kind", "amount"))


def page(*ids: int, **includes: Any) -> dict[str, Any]:
    return {"data": [{"id": str(one)} for one in ids], "includes": includes}


# Calls


def test_every_call_is_counted_by_day_caller_and_call(connected: Connected) -> None:
    brand = connected()
    for _ in range(2):
        Client.for_brand(brand).mentions()
    Client.for_app().webhooks()
    made = ApiCall.objects.values_list("scope", "endpoint", "made", "failed", "day")
    assert set(made) == {
        (user_scope(brand.x_user_id), "mentions", 2, 0, metering.day_of_x()),
        ("app", "webhooks", 1, 0, metering.day_of_x()),
    }


def test_one_that_fails_is_named_without_xs_words(connected: Connected) -> None:
    brand, nobody = connected(), "999"
    with pytest.raises(XError) as refusal:
        Client.for_brand(brand).send_dm("a secret", to=nobody)
    call = ApiCall.objects.get(endpoint="dm_send")
    assert (call.made, call.failed, call.status) == (1, 1, refusal.value.status)
    assert call.failure == str(refusal.value)
    assert call.is_failing
    assert used(user_scope(brand.x_user_id)) == {}


def test_one_that_works_again_is_failing_no_more(
    connected: Connected, settings: Settings, simulator: Simulator
) -> None:
    brand = connected()
    client = Client.for_brand(brand)
    settings.X_API_URL = "http://127.0.0.1:9"
    with pytest.raises(NotSent):
        client.mentions()
    assert ApiCall.objects.get(endpoint="mentions").status is None
    settings.X_API_URL = simulator.url
    client.mentions()
    call = ApiCall.objects.get(endpoint="mentions")
    assert (call.made, call.failed, call.is_failing) == (2, 1, False)
    assert call.failure.startswith("NotSent")


def test_one_that_our_own_count_forbids_was_never_made(connected: Connected) -> None:
    brand = connected()
    client = Client.for_brand(brand)
    client.mentions()
    RateBudget.objects.update(remaining=0)
    with pytest.raises(OutOfBudget):
        client.mentions()
    assert ApiCall.objects.get(endpoint="mentions").made == 1


# What X bills


def test_what_comes_in_and_what_goes_out_counts(connected: Connected, simulator: Simulator) -> None:
    brand, customer = connected(), simulator.person()
    them = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("dms", **them, text="Where is my parcel?", deliver=False)
    asked = simulator.post(
        "posts", author_id=customer["id"], text=f"@{brand.handle} hello?", deliver=False
    )
    client = Client.for_brand(brand)
    client.dm_events()
    client.mentions()
    client.send_dm("On its way", to=customer["id"])
    client.create_post("On it", answering=asked["id"])
    client.create_post("News at https://acme.com/news")
    assert used(user_scope(brand.x_user_id)) == {
        Kind.DM_READ: 1,
        Kind.POST_READ: 1,
        # The customer, and the handle itself, whom the mention names.
        Kind.USER_READ: 2,
        Kind.DM_SENT: 1,
        Kind.REPLY: 1,
        Kind.POST_WITH_LINK: 1,
    }


def test_what_was_read_today_counts_once_for_all() -> None:
    metering.count_answer(ACME, "mentions", page(1, 2, users=[{"id": "9"}]))
    metering.count_answer(ACME, "mentions", page(2, 3, users=[{"id": "9"}]))
    metering.count_answer(GLOBEX, "search", page(3, 4))
    assert used(ACME) == {Kind.POST_READ: 3, Kind.USER_READ: 1}
    assert used(GLOBEX) == {Kind.POST_READ: 1}


def test_the_same_id_of_another_kind_is_another_thing() -> None:
    metering.count_answer(ACME, "mentions", page(1))
    metering.count_answer(ACME, "dm_events", page(1))
    assert used() == {Kind.POST_READ: 1, Kind.DM_READ: 1}


def test_the_next_day_bills_it_again() -> None:
    metering.count_answer(ACME, "mentions", page(1))
    yesterday = metering.day_of_x() - timedelta(days=1)
    ReadToday.objects.update(day=yesterday)
    Usage.objects.update(day=yesterday)
    metering.count_answer(ACME, "mentions", page(1))
    assert list(Usage.objects.values_list("amount", flat=True)) == [1, 1]


def test_a_caller_whose_id_is_unknown_is_the_app() -> None:
    metering.count_answer("", "me", {"data": {"id": "1"}})
    assert used("app") == {Kind.USER_READ: 1}


@pytest.mark.django_db(transaction=True)
def test_workers_that_read_the_same_at_once_count_it_once() -> None:
    barrier = Barrier(8)

    def work(turn: int) -> None:
        try:
            barrier.wait(timeout=60)
            for start in range(20):
                ids = range(start, start + 30)
                metering.count_answer(ACME, "mentions", page(*(reversed(ids) if turn % 2 else ids)))
                metering.count_call(ACME, "mentions")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert used() == {Kind.POST_READ: 49}
    assert ApiCall.objects.get().made == 160
