"""The same news by webhook, by stream and by polling is there once (trust I9)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from tests.twitter_sync.bodies import Body, encoded, push
from tests.twitter_sync.held import pushed_to_us
from tests.twitter_sync.test_missed_pushes import pushed
from tests.twitter_sync.test_poll import poll_now
from tests.twitter_sync.working import apply_all
from tests.x import Simulator
from twitter_sync import budgets
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.healing import heal
from twitter_sync.actions.recording import record_delivery
from twitter_sync.models import MissedPush, RawEvent, SyncGap

pytestmark = pytest.mark.django_db
PEOPLE = 8


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    brand = connected()
    pushed_to_us(brand)
    poll_now(brand)
    return brand


def bring_three_ways(
    client: Browser, simulator: Simulator, brand: BrandAccount, count: int
) -> None:
    """In an order of nobody's choice, polls in between, and everything applied a few at a time."""
    choice = random.Random(9)
    people = [simulator.person() for _ in range(PEOPLE)]
    writers = [choice.choice(people) for _ in range(count)]
    ids = [write(simulator, one, brand, number) for number, one in enumerate(writers)]
    told = [pushed(brand, one, x_id) for one, x_id in zip(writers, ids, strict=True)]
    ways = [(way, body) for body in told for way in (by_webhook, by_stream, by_other_stream)]
    choice.shuffle(ways)
    for number, (way, body) in enumerate(ways):
        way(client, body)
        if number % (count // 4) == 0:
            poll_now(brand)
            apply_due(limit=count // 8)
    poll_now(brand)
    heal_all()
    apply_all()
    assert set(Message.objects.values_list("external_id", flat=True)) == set(ids)
    assert Message.objects.count() == count
    assert Conversation.objects.count() == len({one["id"] for one in writers})
    counts = Conversation.objects.values_list("message_count", flat=True)
    assert sum(counts) == count
    assert set(RawEvent.objects.values_list("state", flat=True)) == {"applied"}
    assert not MissedPush.objects.exists()


def write(simulator: Simulator, person: dict[str, Any], brand: BrandAccount, number: int) -> str:
    who = {"sender_id": person["id"], "recipient_id": brand.x_user_id}
    told: str = simulator.post("dms", **who, text=f"No. {number}", deliver=False)["id"]
    return told


def by_webhook(client: Browser, body: Body) -> None:
    assert push(client, body).status_code == 200


def by_stream(client: Browser, body: Body) -> None:
    """The same event, worded with other spaces: one fact."""
    rows = RawEvent.objects.filter(source__in=RawEvent.PUSHED).count()
    was_new = record_delivery(encoded(body).replace(b": ", b":"), RawEvent.Source.STREAM)
    now = RawEvent.objects.filter(source__in=RawEvent.PUSHED).count()
    assert now - rows == bool(was_new)


def by_other_stream(client: Browser, body: Body) -> None:
    """Under another tag it is another fact, which applies to nothing."""
    told = {"data": body["data"] | {"tag": "another"}}
    record_delivery(encoded(told), RawEvent.Source.STREAM)


def heal_all() -> None:
    while gap := SyncGap.objects.healing().first():
        SyncGap.objects.filter(pk=gap.pk).update(due_at=timezone.now())
        heal(gap.pk)


def test_a_few_events_by_three_ways_are_there_once(client, simulator, brand):
    with budgets.lifted():
        bring_three_ways(client, simulator, brand, 40)
    facts = RawEvent.objects.filter(source__in=RawEvent.PUSHED).count()
    assert facts == 2 * 40


@pytest.mark.deep
def test_two_thousand_events_by_three_ways_are_there_once(client, simulator, brand):
    """Trust I9."""
    simulator.post("quotas", lifted=True)
    with budgets.lifted():
        bring_three_ways(client, simulator, brand, 2_000)
    simulator.post("quotas", lifted=False)
