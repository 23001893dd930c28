"""What polling found though X should have pushed it: `twitter_sync.actions.noticing`."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync.bodies import Body, dm, event, mention_event, post, push, reply_event
from tests.twitter_sync.held import pushed_to_us
from tests.twitter_sync.test_backfill import at, say_long_ago
from tests.twitter_sync.test_poll import poll_now, posts, writes
from tests.twitter_sync.working import apply_all
from tests.x import Simulator
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.healing import heal
from twitter_sync.models import MissedPush, RawEvent, Subscription, SyncGap
from twitter_sync.models.missed_push import GRACE

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    """X has pushed its news for a day; what is said from now on is news of every feed."""
    brand = connected()
    pushed_to_us(brand)
    for feed in ("dms", "mentions", "own_posts"):
        poll_now(brand, feed)
    return brand


def pushed(brand: BrandAccount, customer: dict[str, Any], x_id: str) -> Body:
    person = type("Person", (), {"x_user_id": customer["id"]})
    told = dm(person, brand, "told by push", id=x_id)
    return event("dm.received", brand, {"direct_message_events": [told], "users": {}})


def missed() -> list[tuple[str, str]]:
    rows = MissedPush.objects.order_by("message__sequence")
    return [(row.event_type, row.message.external_id or "") for row in rows]


# What counts


def test_what_only_polling_found_was_missed_by_push(simulator, brand, customer):
    told = writes(simulator, customer, brand, "Where is my parcel?")
    poll_now(brand)
    apply_due()
    row = MissedPush.objects.get()
    assert missed() == [("dm.received", told)]
    assert (row.brand, row.said_at) == (brand, Message.objects.get().sent_at)


def test_what_a_push_had_brought_was_not(client, simulator, brand, customer):
    told = writes(simulator, customer, brand, "Hello")
    push(client, pushed(brand, customer, told))
    apply_due()
    poll_now(brand)
    apply_due()
    assert missed() == []


@pytest.mark.parametrize("first_applied", ["poll", "push"])
def test_a_poll_that_overtook_the_push_missed_nothing(
    client, simulator, brand, customer, first_applied
):
    told = writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    push(client, pushed(brand, customer, told))
    if first_applied == "push":
        RawEvent.objects.filter(source="webhook").update(
            due_at=timezone.now() - timedelta(minutes=1)
        )
    apply_due()
    assert {row.state for row in RawEvent.objects.all()} == {"applied"}
    assert missed() == []


def test_a_push_that_comes_much_later_was_missed_in_its_time(client, simulator, brand, customer):
    """As by a replay, after an outage."""
    said_at = timezone.now() - GRACE - timedelta(seconds=1)
    pair = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("load", dms=[{"id": at(said_at), **pair, "text": "Hello"}], posts=[])
    poll_now(brand)
    apply_due()
    [(_, told)] = missed()
    push(client, pushed(brand, customer, told))
    apply_due()
    assert missed() == [("dm.received", told)]


def test_none_is_counted_twice(simulator, brand, customer):
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    apply_due()
    RawEvent.objects.update(state="pending")
    apply_due()
    assert len(missed()) == 1


def test_what_may_still_be_on_its_way_is_not_certain(simulator, brand, customer):
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    apply_due()
    assert not MissedPush.objects.certain().exists()
    MissedPush.objects.update(said_at=timezone.now() - GRACE)
    assert MissedPush.objects.certain().exists()


def test_what_was_said_before_x_granted_the_subscription_was_not_missed(simulator, brand, customer):
    Subscription.objects.update(granted_at=timezone.now() + timedelta(seconds=5))
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    apply_due()
    assert Message.objects.count() == 1
    assert missed() == []


def test_what_x_was_not_asked_to_push_was_not_missed(simulator, brand, customer):
    Subscription.objects.filter(event_type="dm.received").delete()
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    apply_due()
    assert missed() == []


def test_the_past_of_a_handle_was_not_missed(simulator, connected, customer):
    brand = connected()
    pushed_to_us(brand)
    say_long_ago(simulator, customer, brand, 3)
    poll_now(brand)
    apply_due()
    assert Message.objects.count() == 3
    assert missed() == []


# What X pushes of posts


def test_mentions_answers_and_own_posts_are_pushed(simulator, brand, customer):
    ours = posts(simulator, brand.x_user_id, "We have moved.")
    named = posts(simulator, customer["id"], f"no internet, @{brand.handle}")
    replied = posts(simulator, customer["id"], "Where to?", in_reply_to_post_id=ours)
    answer = f"@{customer['username']} on it"
    answered = posts(simulator, brand.x_user_id, answer, in_reply_to_post_id=named)
    poll_now(brand, "mentions")
    poll_now(brand, "own_posts")
    apply_due()
    assert missed() == [
        ("post.mention.create", named),
        ("post.reply.create", replied),
        ("post.create", answered),
    ]


def test_a_name_that_x_puts_before_an_answer_to_others_is_not_pushed(simulator, brand, customer):
    """X tells nobody of those: they are what the timeline of mentions is polled for."""
    other = simulator.person()
    named = posts(simulator, customer["id"], f"@{brand.handle} no internet")
    told = f"@{customer['username']} @{brand.handle} same here"
    posts(simulator, other["id"], told, in_reply_to_post_id=named)
    poll_now(brand, "mentions")
    apply_due()
    assert Message.objects.filter(brand=brand).count() == 2
    assert missed() == [("post.mention.create", named)]


def test_the_push_of_a_post_that_a_poll_overtook_is_taken_for_it(
    client, simulator, brand, customer
):
    person = type("Person", (), {"x_user_id": customer["id"], "handle": customer["username"]})
    ours = posts(simulator, brand.x_user_id, "We have moved.")
    named = posts(simulator, customer["id"], f"@{brand.handle} no internet")
    replied = posts(simulator, customer["id"], "Where to?", in_reply_to_post_id=ours)
    poll_now(brand, "mentions")
    apply_due()
    assert len(missed()) == 2
    told = post(person, f"@{brand.handle} no internet", id=named, names=[brand])
    push(client, mention_event(brand, told))
    answer = {"id": ours, "conversation_id": ours, "author_id": brand.x_user_id}
    push(client, reply_event(brand, post(person, "Where to?", id=replied, answers=answer)))
    apply_due()
    assert missed() == []


# In quantity


def drop_a_third(
    client: Browser, simulator: Simulator, brand: BrandAccount, customer: dict[str, Any], count: int
) -> None:
    """Three in ten of the pushes are lost; within one poll everything is there, and counted."""
    choice = random.Random(20)
    ids = [writes(simulator, customer, brand, f"No. {number}") for number in range(count)]
    lost = set(choice.sample(ids, count * 3 // 10))
    for x_id in ids:
        if x_id not in lost:
            push(client, pushed(brand, customer, x_id))
    poll_now(brand)
    for gap in SyncGap.objects.all():
        while not gap.is_over:
            SyncGap.objects.update(due_at=timezone.now())
            heal(gap.pk)
            gap.refresh_from_db()
    apply_all()
    assert {message.external_id for message in Message.objects.all()} == set(ids)
    assert Message.objects.count() == count
    assert {x_id for _, x_id in missed()} == lost


def test_as_many_are_counted_as_were_dropped(client, simulator, brand, customer):
    """Trust I6, small."""
    drop_a_third(client, simulator, brand, customer, 20)


@pytest.mark.deep
def test_as_many_are_counted_as_were_dropped_of_many(client, simulator, brand, customer):
    """Trust I6."""
    drop_a_third(client, simulator, brand, customer, 900)
