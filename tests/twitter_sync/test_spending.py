"""The owner's cap: what can wait waits before anything that people wait for (trust T9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from twitter_sync import spending
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import CapReached
from twitter_sync.models import Spending
from twitter_sync.models.spending import month_of

Connected = Callable[..., BrandAccount]
pytestmark = pytest.mark.django_db


def spent(share: str, *, cap: int = 100) -> Spending:
    return Spending.objects.create(
        pk=1, cap_usd=cap, spent_usd=cap * Decimal(share), month=month_of(timezone.now())
    )


def test_at_the_cap_no_clock_asks_x_for_news(brand, simulator):
    spent("1")
    before = len(simulator.calls())
    for purpose in (Purpose.POLL, Purpose.CATCH_UP, Purpose.HISTORY):
        client = Client.for_brand(brand, purpose=purpose)
        for ask in (client.dm_events, client.mentions, client.own_posts):
            with pytest.raises(CapReached) as refusal:
                ask()
            assert "Costs" in refusal.value.reason
    with pytest.raises(CapReached):
        Client.for_app(purpose=Purpose.POLL).search("conversation_id:1")
    assert {call["path"] for call in simulator.calls()[before:]} <= {"/oauth2/token"}


def test_at_the_cap_people_are_answered_and_sends_settled(brand, customer):
    spent("5")
    client = Client.for_brand(brand, purpose=Purpose.AGENT)
    assert client.send_dm("On its way", to=customer["id"])["data"]["dm_event_id"]
    assert client.create_post("News")["data"]["id"]
    assert "meta" in Client.for_brand(brand, purpose=Purpose.RECONCILE).dm_events()


def test_at_the_cap_what_a_customers_post_answers_is_still_looked_up(brand, customer, simulator):
    """Without it the post would wait for ever and be seen by nobody."""
    post = simulator.post("posts", author_id=customer["id"], text="hello", deliver=False)
    spent("1")
    found = Client.for_app(purpose=Purpose.POLL).posts([post["id"]])
    assert found["data"][0]["id"] == post["id"]


def test_near_the_cap_news_still_comes_and_history_waits(brand):
    spent("0.9")
    assert "meta" in Client.for_brand(brand, purpose=Purpose.POLL).mentions()
    with pytest.raises(CapReached):
        Client.for_brand(brand, purpose=Purpose.HISTORY).mentions()
    with pytest.raises(CapReached):
        Client.for_brand(brand, purpose=Purpose.PROFILE).users(ids=[brand.x_user_id])


@pytest.mark.parametrize(("share", "times"), [("0.5", 1), ("0.8", 5), ("1", 5)])
def test_near_the_cap_the_clock_asks_less_often(share, times):
    spent(share)
    assert spending.slowed(timedelta(minutes=2)) == timedelta(minutes=2) * times


def test_nothing_waits_in_an_installation_without_a_cap(brand):
    assert spending.slowed(timedelta(minutes=2)) == timedelta(minutes=2)
    assert "meta" in Client.for_brand(brand, purpose=Purpose.HISTORY).mentions()
    spent("9", cap=1)
    Spending.objects.update(cap_usd=None)
    assert "meta" in Client.for_brand(brand, purpose=Purpose.HISTORY).mentions()
