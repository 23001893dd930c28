"""Asking X what is new: `twitter_sync.actions.polling`, against the simulator."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from tests.twitter_sync.bodies import dm, event, push
from tests.x import Simulator
from twitter_sync import budgets, tokens
from twitter_sync.actions import polling
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.connecting import make_feeds_due
from twitter_sync.actions.polling import poll, poll_due
from twitter_sync.actions.replaying import adopt_orphans
from twitter_sync.client import Client
from twitter_sync.models import Connection, RateBudget, RawEvent, SyncCursor

pytestmark = pytest.mark.django_db


def cursor_of(brand: BrandAccount, feed: str = "dms") -> SyncCursor:
    polling.begin_feeds()
    return brand.cursors.get(feed=feed)


def poll_now(brand: BrandAccount, feed: str = "dms") -> int:
    cursor = cursor_of(brand, feed)
    SyncCursor.objects.filter(pk=cursor.pk).update(due_at=timezone.now())
    return poll(cursor.pk)


def with_ground(simulator: Simulator, customer: dict[str, Any], brand: BrandAccount) -> None:
    """One message is held: everything after it is news."""
    writes(simulator, customer, brand, "Before")
    assert poll_now(brand) == 1


def writes(simulator: Simulator, customer: dict[str, Any], brand: BrandAccount, text: str) -> str:
    """The customer writes a DM; our webhook hears nothing of it."""
    person = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    return simulator.post("dms", **person, text=text, deliver=False)["id"]


def posts(simulator: Simulator, author_id: str, text: str, **fields: Any) -> str:
    return simulator.post("posts", author_id=author_id, text=text, deliver=False, **fields)["id"]


def dm_calls(simulator: Simulator, brand: BrandAccount) -> int:
    calls = simulator.calls("/2/dm_events")
    return sum(call["user_id"] == brand.x_user_id for call in calls)


# The three feeds


def test_it_finds_dms_that_no_push_told_of(simulator, brand, customer):
    first = writes(simulator, customer, brand, "Where is my parcel?")
    assert poll_now(brand) == 1
    apply_due()
    message = Message.objects.get()
    assert (message.external_id, message.text) == (first, "Where is my parcel?")
    assert message.conversation.contact.handle == customer["username"]


def test_groups_are_no_conversations_of_ours(simulator, brand, customer):
    """Neither what is said there nor who comes and goes; what is said to us alone is."""
    others = [brand.x_user_id, simulator.person()["id"]]
    group = simulator.post("groups", creator_id=customer["id"], member_ids=others)["id"]
    facts = {"group_id": group, "user_id": simulator.person()["id"]}
    simulator.post("groups/join", inviter_id=customer["id"], **facts)
    simulator.post("groups/leave", **facts)
    writes(simulator, customer, brand, "To you alone")
    assert poll_now(brand) == 4
    apply_due()
    assert [message.text for message in Message.objects.all()] == ["To you alone"]
    assert set(RawEvent.objects.values_list("state", flat=True)) <= {"applied", "ignored"}


def test_it_finds_mentions_and_our_own_posts(simulator, brand, customer):
    asked = posts(simulator, customer["id"], f"@{brand.handle} no internet")
    answered = f"@{customer['username']} on it"
    posts(simulator, brand.x_user_id, answered, in_reply_to_post_id=asked)
    assert poll_now(brand, "mentions") == 1
    assert poll_now(brand, "own_posts") == 1
    apply_due()
    conversation = Conversation.objects.get()
    said = [message.text for message in conversation.messages.in_order()]
    assert said == [f"@{brand.handle} no internet", answered]
    assert conversation.unanswered_since is None


def test_a_new_handle_has_all_feeds_due(brand):
    assert poll_due() == 3
    assert {cursor.feed for cursor in brand.cursors.all()} == {"dms", "mentions", "own_posts"}


@pytest.mark.parametrize(
    ("status", "feeds"), [("paused", 3), ("needs_reconnect", 0), ("disconnected", 0)]
)
def test_it_asks_for_handles_that_listen_alone(brand, status, feeds):
    BrandAccount.objects.update(status=status)
    assert poll_due() == feeds


# Down to known ground


def test_the_second_poll_takes_only_what_is_new(simulator, brand, customer):
    writes(simulator, customer, brand, "one")
    poll_now(brand)
    newest = writes(simulator, customer, brand, "two")
    assert poll_now(brand) == 1
    cursor = cursor_of(brand)
    assert (cursor.newest_id, cursor.is_behind) == (newest, False)
    assert timezone.now() - cursor.complete_to < timedelta(seconds=5)
    assert poll_now(brand) == 0
    assert dm_calls(simulator, brand) == 3


def test_a_feed_that_is_made_due_while_it_is_polled_stays_due(
    brand, customer, simulator, monkeypatch
):
    """A reconnect finds an older poll under way: that one must not put the next one off."""
    with_ground(simulator, customer, brand)
    ask = Client.dm_events

    def meanwhile(self, **how):
        answer = ask(self, **how)
        writes(simulator, customer, brand, "Written while nobody listened")
        make_feeds_due(brand)
        return answer

    monkeypatch.setattr(Client, "dm_events", meanwhile)
    assert poll_now(brand) == 0
    assert cursor_of(brand).due_at <= timezone.now()
    monkeypatch.setattr(Client, "dm_events", ask)
    assert poll(cursor_of(brand).pk) == 1


# Whose it is


def test_a_page_is_for_the_handle_that_asked_for_it(simulator, brand, customer):
    """It names none."""
    writes(simulator, customer, brand, "Hello")
    posts(simulator, customer["id"], f"@{brand.handle} no internet")
    assert [poll_now(brand), poll_now(brand, "mentions")] == [1, 1]
    assert apply_due() == 2
    assert {row.state for row in RawEvent.objects.all()} == {"applied"}
    assert Message.objects.filter(brand=brand).count() == 2


def test_what_was_polled_of_a_disconnected_handle_waits_for_its_return(simulator, brand, customer):
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    BrandAccount.objects.update(status=BrandAccount.Status.DISCONNECTED)
    apply_due()
    row = RawEvent.objects.get()
    assert (row.state, row.waits_for) == ("orphan", brand.x_user_id)
    BrandAccount.objects.update(status=BrandAccount.Status.CONNECTED)
    assert adopt_orphans(brand) == 1
    apply_due()
    assert Message.objects.get().brand == brand


# Beside the pushes


def test_pushes_and_polls_of_the_same_messages_make_them_once(client, simulator, brand, customer):
    """Trust I2, small: every message by both ways, in either order."""
    person = type("Person", (), {"x_user_id": customer["id"]})
    ids = [writes(simulator, customer, brand, f"No. {number}") for number in range(6)]
    for x_id in ids[:3]:
        push(client, pushed(brand, person, x_id))
    poll_now(brand)
    for x_id in ids:
        push(client, pushed(brand, person, x_id))
    apply_due()
    conversation = Conversation.objects.get()
    assert [message.external_id for message in conversation.messages.in_order()] == ids
    assert conversation.message_count == 6
    assert {row.state for row in RawEvent.objects.all()} == {"applied"}


def pushed(brand: BrandAccount, person: Any, x_id: str) -> dict[str, Any]:
    told = dm(person, brand, "told by push", id=x_id)
    return event("dm.received", brand, {"direct_message_events": [told], "users": {}})


# Within limits


def test_it_stops_before_the_quota_and_comes_back_when_it_is_renewed(simulator, brand, customer):
    poll_now(brand)
    writes(simulator, customer, brand, "Hello")
    resets_at = leave(brand, 3)
    assert poll_now(brand) == 0
    cursor = cursor_of(brand)
    assert (cursor.due_at, cursor.failure, cursor.is_limited) == (resets_at, "", True)
    assert cursor.is_behind
    assert dm_calls(simulator, brand) == 1


def leave(brand: BrandAccount, remaining: int) -> datetime:
    """X lets us read direct messages so many times more. Returns until when."""
    resets_at = timezone.now() + timedelta(minutes=7)
    RateBudget.objects.update_or_create(
        scope=budgets.user_scope(brand.x_user_id),
        endpoint="dm_events",
        window="15m",
        defaults={"allowed": 15, "remaining": remaining, "resets_at": resets_at},
    )
    return resets_at


def test_after_a_reconnect_it_takes_what_polls_and_history_leave(simulator, brand, customer):
    """What came meanwhile is fetched at once, however much of the quota history has used."""
    poll_now(brand)
    BrandAccount.objects.update(status=BrandAccount.Status.DISCONNECTED)
    writes(simulator, customer, brand, "While you were away")
    leave(brand, 3)
    BrandAccount.objects.update(status=BrandAccount.Status.CONNECTED)
    Connection.objects.update(connected_at=timezone.now())
    brand = BrandAccount.objects.get(pk=brand.pk)
    assert cursor_of(brand).is_behind
    assert poll_now(brand) == 1
    assert not cursor_of(brand).is_behind
    writes(simulator, customer, brand, "And again")
    leave(brand, 3)
    assert poll_now(brand) == 0


def test_a_refused_token_stops_the_handle_and_says_so(simulator, brand):
    pair = {"access_token": "gone", "refresh_token": "gone"}
    Connection.objects.update(**{name: tokens.encrypt(value) for name, value in pair.items()})
    assert poll_now(brand) == 0
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.NEEDS_RECONNECT
    assert cursor_of(brand).failure


def test_x_being_down_is_no_loss(simulator, brand, customer, settings):
    writes(simulator, customer, brand, "Hello")
    url, settings.X_API_URL = settings.X_API_URL, "http://127.0.0.1:9"
    assert poll_now(brand) == 0
    assert cursor_of(brand).failure
    settings.X_API_URL = url
    assert poll_now(brand) == 1


def test_a_poll_that_is_not_due_makes_no_call(simulator, brand):
    poll_now(brand)
    assert poll(cursor_of(brand).pk) == 0
    assert dm_calls(simulator, brand) == 1
