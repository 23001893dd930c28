"""Rows of the ledger become messages: `twitter_sync.actions.applying`."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Contact, Conversation, ConversationEvent, Message
from tests.factories import make_brand, make_contact, next_x_id
from tests.twitter_sync.bodies import dm, dm_received, dm_sent, event, push, told_dms, user
from tests.twitter_sync.working import states
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.replaying import adopt_orphans
from twitter_sync.models import Connection, RawEvent

pytestmark = pytest.mark.django_db


def test_a_dm_becomes_a_message_that_needs_an_answer(client, acme, carla):
    push(client, dm_received(acme, carla, "Where is my parcel?"))
    assert apply_due() == 1
    message = Message.objects.get()
    assert (message.brand, message.direction, message.kind) == (acme, "in", "dm")
    assert message.text == "Where is my parcel?"
    assert message.conversation.contact == carla
    assert message.conversation.unanswered_since == message.sent_at
    assert [(row.state, row.brand) for row in RawEvent.objects.all()] == [("applied", acme)]


def test_our_dm_from_x_itself_answers(client, acme, carla):
    push(client, dm_received(acme, carla, "Where is my parcel?"))
    push(client, dm_sent(acme, carla, "On its way."))
    apply_due()
    conversation = Conversation.objects.get()
    assert [message.direction for message in conversation.messages.in_order()] == ["in", "out"]
    assert (conversation.unanswered_since, conversation.status) == (None, "waiting")


def test_the_person_is_kept_as_x_describes_them(client, acme):
    stranger = Contact(x_user_id=next_x_id(), handle="new_here", name="New\u202e Here")
    push(client, dm_received(acme, stranger))
    apply_due()
    contact = Contact.objects.get(x_user_id=stranger.x_user_id)
    assert (contact.handle, contact.display_name, contact.followers) == ("new_here", "New Here", 97)


def test_every_message_of_a_body_is_taken_and_the_unknown_kept(client, acme, caplog):
    """25 messages, two kinds of events and keys nobody knows, in one body (trust I5)."""
    people = [make_contact() for _ in range(5)]
    body = {
        "for_user_id": acme.x_user_id,
        "direct_message_events": [dm(people[n % 5], acme, f"No. {n}") for n in range(25)],
        "direct_message_mark_read_events": [{"sender_id": people[0].x_user_id}],
        "telepathy_events": [{"thought": "?"}],
        "users": {person.x_user_id: user(person) for person in people},
    }
    push(client, body)
    with caplog.at_level(logging.WARNING):
        apply_due()
    assert Message.objects.count() == 25
    assert Conversation.objects.count() == 5
    row = RawEvent.objects.get()
    assert (row.state, row.error) == ("applied", "unknown: telepathy_events")
    assert "telepathy_events" in caplog.text


def test_the_same_message_by_two_ways_is_one(client, acme, carla):
    told = dm(carla, acme, "Hello")
    push(client, told_dms("dm.received", acme, told, people=[carla]))
    push(client, {"for_user_id": acme.x_user_id, "direct_message_events": [told], "users": {}})
    apply_due()
    assert (states(), Message.objects.count()) == (["applied", "applied"], 1)
    assert ConversationEvent.objects.count() == 1


def test_it_applies_in_the_order_of_x_and_not_of_arrival(client, acme, carla):
    first, second, third = (next_x_id() for _ in range(3))
    push(client, dm_sent(acme, carla, "Sorry!", id=third))
    push(client, dm_received(acme, carla, "Late", id=first))
    push(client, dm_received(acme, carla, "again", id=second))
    apply_due()
    conversation = Conversation.objects.get()
    texts = [message.text for message in conversation.messages.in_order()]
    assert texts == ["Late", "again", "Sorry!"]
    assert conversation.unanswered_since is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\x00b",
        "half a pair \ud83d",
        "\u202egnp.exe",
        "a" + "\u0301" * 10_000,
        "👩\u200d👩\u200d👧 नमस्ते مرحبا",
        "<script>alert(1)</script> &lt;b&gt;",
    ],
    ids=["empty", "NUL", "lone surrogate", "RTL override", "combining", "emoji", "markup"],
)
def test_any_text_is_kept(client, acme, carla, text):
    """Trust I13."""
    body = dm_received(acme, carla, text)
    push(client, json.dumps(body).encode())
    apply_due()
    kept = Message.objects.get().text
    assert kept == text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    assert states() == ["applied"]


def test_an_encrypted_message_is_kept_sealed(client, acme, carla):
    payload = {
        "id": "e4f4d3fc-8bbf-4928-92eb-e5058d6bb6f6",
        "created_at_msec": "1795256102000",
        "sender_id": carla.x_user_id,
        "conversation_id": f"{carla.x_user_id}:{acme.x_user_id}",
        "encoded_event": "CwABAAAA",
    }
    push(client, event("chat.received", acme, payload))
    apply_due()
    message = Message.objects.get()
    assert (message.transport, message.text) == ("xchat", "")
    assert message.payload["encoded_event"] == "CwABAAAA"
    assert message.conversation.contact == carla


@pytest.mark.parametrize("kind", ["dm.read", "follow.follow", "like.create", "post.repost.create"])
def test_what_is_none_of_ours_creates_nothing(client, acme, carla, kind):
    reposted = [{"type": "retweeted", "id": next_x_id()}]
    payload = {
        "id": next_x_id(),
        "author_id": carla.x_user_id,
        "text": "RT",
        "conversation_id": next_x_id(),
        "referenced_tweets": reposted,
    }
    push(client, event(kind, acme, payload))
    apply_due()
    assert (states(), Conversation.objects.count()) == (["ignored"], 0)


def test_a_revocation_stops_the_calls_of_the_brand(client, acme):
    push(client, event("oauth.revoke", acme, {"user_id": acme.x_user_id}, filter={}))
    apply_due()
    acme.refresh_from_db()
    assert acme.status == BrandAccount.Status.NEEDS_RECONNECT


def test_a_revocation_from_before_the_handle_was_connected_again_is_over(client, acme):
    """It waited in the ledger, or was told again, while an admin connected the handle."""
    push(client, event("oauth.revoke", acme, {"user_id": acme.x_user_id}, filter={}))
    Connection.objects.create(brand=acme, access_token="v1:", expires_at=timezone.now())
    apply_due()
    acme.refresh_from_db()
    assert acme.status == BrandAccount.Status.CONNECTED


def test_a_revocation_of_the_present_connection_counts(client, acme):
    Connection.objects.create(brand=acme, access_token="v1:", expires_at=timezone.now())
    push(client, event("oauth.revoke", acme, {"user_id": acme.x_user_id}, filter={}))
    apply_due()
    acme.refresh_from_db()
    assert acme.status == BrandAccount.Status.NEEDS_RECONNECT


# Whose it is


def test_an_event_for_nobody_is_kept_as_an_orphan(client, acme, carla):
    stranger = BrandAccount(x_user_id=next_x_id(), handle="stranger", name="Stranger")
    push(client, dm_received(stranger, carla))
    apply_due()
    row = RawEvent.objects.get()
    assert (row.state, row.waits_for) == ("orphan", stranger.x_user_id)
    assert not Message.objects.exists()


def test_an_event_told_to_the_wrong_brand_crosses_over_to_none(client, acme, globex, carla):
    """A message between Carla and @acme, told as @globex's (trust W4)."""
    push(client, told_dms("dm.received", globex, dm(carla, acme), people=[carla]))
    apply_due()
    assert (states(), Message.objects.count()) == (["orphan"], 0)


def test_orphans_are_taken_up_when_the_handle_is_connected(client, carla):
    stranger = BrandAccount(x_user_id=next_x_id(), handle="stranger", name="Stranger")
    push(client, dm_received(stranger, carla, "Anyone?"))
    apply_due()
    stranger.save()
    assert adopt_orphans(stranger) == 1
    apply_due()
    assert Message.objects.get().brand == stranger


def test_events_of_a_disconnected_brand_are_kept_for_its_return(client, acme, carla):
    acme.status = BrandAccount.Status.DISCONNECTED
    acme.save()
    push(client, dm_received(acme, carla))
    apply_due()
    assert (states(), Message.objects.count()) == (["orphan"], 0)
    acme.status = BrandAccount.Status.CONNECTED
    acme.save()
    adopt_orphans(acme)
    apply_due()
    assert Message.objects.count() == 1


@pytest.mark.parametrize("status", ["paused", "needs_reconnect"])
def test_messages_still_come_while_we_cannot_call(client, acme, carla, status):
    acme.status = status
    acme.save()
    push(client, dm_received(acme, carla))
    apply_due()
    assert Message.objects.count() == 1


# Which rows, and whose


def test_a_big_backlog_is_taken_in_batches(client, acme, carla):
    for number in range(5):
        push(client, dm_received(acme, carla, f"No. {number}"))
    assert [apply_due(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_what_is_not_due_waits(client, acme, carla):
    push(client, dm_received(acme, carla))
    RawEvent.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert apply_due() == 0


def test_a_brand_sees_only_its_own(client, acme, globex, carla):
    push(client, dm_received(acme, carla, "to acme"))
    push(client, dm_received(globex, carla, "to globex"))
    apply_due()
    texts = {message.brand.handle: message.text for message in Message.objects.all()}
    assert texts == {"acme": "to acme", "globex": "to globex"}
    assert make_brand().conversations.count() == 0
