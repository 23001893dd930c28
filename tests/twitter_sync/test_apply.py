"""Rows of the ledger become messages: `twitter_sync.actions.applying`."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.actions import receiving
from inbox.models import Contact, Conversation, ConversationEvent, Message
from tests.factories import make_brand, make_contact, next_x_id
from tests.twitter_sync.bodies import dm, dm_received, dm_sent, event, push, told_dms, user
from twitter_sync.actions import applying
from twitter_sync.actions.applying import apply_due, lock_accounts
from twitter_sync.actions.replaying import adopt_orphans
from twitter_sync.models import Connection, RawEvent

pytestmark = pytest.mark.django_db

SOMEONE_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


def states() -> list[str]:
    return [event.state for event in RawEvent.objects.order_by("id")]


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


@pytest.mark.django_db(transaction=True)
def test_a_handle_connected_at_this_very_moment_misses_nothing():
    """The worker has looked for the handle in vain; its connecting is not committed yet."""
    carla, newcomer = make_contact(), BrandAccount(x_user_id=next_x_id(), handle="newcomer")
    push(Client(), dm_received(newcomer, carla))
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            lock_accounts([newcomer.x_user_id])
            newcomer.save()
            assert adopt_orphans(newcomer) == 0
            applied = worker.submit(apply_and_leave)
            until_someone_waits_for_a_lock()
        assert applied.result() == 1
    assert states() == ["applied"]


@pytest.mark.django_db(transaction=True)
def test_an_orphan_that_is_not_committed_yet_is_waited_for(monkeypatch):
    """The other way round: whoever connects a moment later finds the orphan."""
    carla, newcomer = make_contact(), BrandAccount(x_user_id=next_x_id(), handle="newcomer")
    push(Client(), dm_received(newcomer, carla))
    holds, done, settle = Barrier(2), Barrier(2), applying.settle

    def settle_slowly(*asked: Any) -> None:
        holds.wait()
        done.wait()
        settle(*asked)

    def apply_once() -> int:
        try:
            return applying.apply_batch(1)
        finally:
            connection.close()

    def connect() -> int:
        try:
            with transaction.atomic():
                lock_accounts([newcomer.x_user_id])
                newcomer.save()
                return adopt_orphans(newcomer)
        finally:
            connection.close()

    monkeypatch.setattr(applying, "settle", settle_slowly)
    with ThreadPoolExecutor(2) as workers:
        applied = workers.submit(apply_once)
        holds.wait()
        connected = workers.submit(connect)
        until_someone_waits_for_a_lock()
        done.wait()
        assert applied.result() == 1
        assert connected.result() == 1
    assert states() == ["pending"]


def apply_and_leave() -> int:
    try:
        return apply_due()
    finally:
        connection.close()


def until_someone_waits_for_a_lock() -> None:
    """In our own database: others are tested beside it."""
    ends_at = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < ends_at:
            # Who waits is kept for the time of a transaction.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(SOMEONE_WAITS)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


# Poison


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch):
    """`poison.add("text")`: receiving a message of that text raises, with the text in the error."""
    texts: set[str] = set()
    receive = receiving.Reception.receive

    def fail(reception, told):
        if told.utterance.text in texts:
            raise KeyError(told.utterance.text)
        return receive(reception, told)

    monkeypatch.setattr(receiving.Reception, "receive", fail)
    return texts


def test_a_poison_row_holds_up_no_other(client, acme, carla, poison):
    poison.add("poison")
    push(client, dm_received(acme, carla, "poison"))
    push(client, dm_received(acme, carla, "good"))
    assert apply_due() == 2
    assert [message.text for message in Message.objects.all()] == ["good"]
    assert states() == ["pending", "applied"]
    row = RawEvent.objects.first()
    assert (row.attempts, row.due_at > timezone.now()) == (1, True)


@pytest.mark.parametrize("more", [{}, {"user_event": {"x": 1}}], ids=["alone", "beside a riddle"])
def test_a_push_that_makes_no_sense_is_of_the_handle_that_x_told_it_to(client, acme, more):
    push(client, {"for_user_id": acme.x_user_id, "tweet_create_events": [{"id": 7}], **more})
    apply_due()
    assert [(row.state, row.brand) for row in RawEvent.objects.all()] == [("dead", acme)]


def test_after_five_tries_it_is_set_aside_and_can_be_replayed(client, acme, carla, poison):
    poison.add("poison")
    push(client, dm_received(acme, carla, "poison"))
    for _ in range(9):
        RawEvent.objects.update(due_at=timezone.now())
        apply_due()
    row = RawEvent.objects.get()
    assert (row.state, row.attempts) == ("dead", 5)
    assert row.error.startswith("KeyError at test_apply.py:")
    poison.clear()
    call_command("replay_events", stdout=(out := StringIO()))
    assert out.getvalue() == "1 events are due again.\n"
    apply_due()
    assert (states(), Message.objects.count()) == (["applied"], 1)


def test_a_database_that_fails_in_the_middle_loses_nothing(client, acme, carla):
    """Nothing can be written about the row then: it is due still, and the task fails loudly."""
    push(client, dm_received(acme, carla))

    def down(*args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(down), pytest.raises(OperationalError):
        apply_due()
    assert states() == ["pending"]
    assert apply_due() == 1


def test_no_words_of_a_customer_reach_the_log(client, acme, carla, poison, caplog):
    poison.add("a canary sings")
    push(client, dm_received(acme, carla, "a canary sings"))
    with caplog.at_level(logging.DEBUG):
        apply_due()
    assert "event not applied" in caplog.text
    assert "canary" not in caplog.text
    assert "canary" not in RawEvent.objects.get().error


def test_a_failure_leaves_no_half_of_a_row_behind(client, acme, carla, poison):
    poison.add("second")
    pair = [dm(carla, acme, "first"), dm(carla, acme, "second")]
    push(client, told_dms("dm.received", acme, *pair, people=[carla]))
    apply_due()
    assert (Message.objects.count(), Conversation.objects.count()) == (0, 0)
    assert states() == ["pending"]


@pytest.mark.parametrize("raw", [b'{"data": ', b'{"data": NaN}', b"{\xff}"])
def test_a_body_without_sense_is_set_aside_at_once(client, acme, carla, raw):
    push(client, raw)
    push(client, dm_received(acme, carla))
    apply_due()
    assert states() == ["dead", "applied"]
    assert RawEvent.objects.first().error.startswith("Unreadable: not JSON: ")


def test_an_unreadable_element_is_said_and_the_others_are_taken(client, acme, carla):
    broken = dm(carla, acme) | {"id": "12x"}
    push(client, told_dms("dm.received", acme, broken, dm(carla, acme, "whole"), people=[carla]))
    apply_due()
    row = RawEvent.objects.get()
    assert [message.text for message in Message.objects.all()] == ["whole"]
    assert (row.state, row.error) == (
        "dead",
        "dm.received: id of a direct message is not an id",
    )


# Several workers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [15, pytest.param(500, marks=pytest.mark.deep)])
def test_two_workers_on_the_same_event_make_one_message(acme, carla, rounds):
    """The same message in two deliveries, met by two workers at one barrier (trust I3)."""
    client = Client()
    barrier = Barrier(2)

    def work() -> None:
        try:
            barrier.wait()
            apply_due()
        finally:
            connection.close()

    for number in range(rounds):
        told = dm(carla, acme, f"No. {number}")
        push(client, told_dms("dm.received", acme, told, people=[carla]))
        push(client, {"for_user_id": acme.x_user_id, "direct_message_events": [told]})
        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(work) for _ in range(2)]:
                done.result()
    assert Message.objects.count() == rounds
    assert Conversation.objects.get().message_count == rounds
    assert ConversationEvent.objects.count() == 1
    assert set(states()) == {"applied"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [8, pytest.param(200, marks=pytest.mark.deep)])
def test_six_first_words_at_once_open_one_conversation(acme, rounds):
    """Somebody new writes six times, and six workers take one each (trust I4)."""
    client = Client()
    barrier = Barrier(6)

    def work() -> None:
        try:
            barrier.wait()
            apply_due(limit=1)
        finally:
            connection.close()

    for number in range(rounds):
        stranger = Contact(x_user_id=next_x_id(), handle=f"new_{number}", name="New Here")
        for word in range(6):
            push(client, dm_received(acme, stranger, f"Word {word}"))
        with ThreadPoolExecutor(6) as workers:
            for done in [workers.submit(work) for _ in range(6)]:
                done.result()
        apply_due()
        assert Conversation.objects.count() == number + 1
    assert Message.objects.count() == 6 * rounds
    assert set(states()) == {"applied"}


@pytest.mark.django_db(transaction=True)
def test_a_row_in_hand_is_left_to_its_worker(acme, carla):
    client = Client()
    push(client, dm_received(acme, carla, "in hand"))
    push(client, dm_received(acme, carla, "free"))
    first = RawEvent.objects.order_by("id").first()
    holds, done = Barrier(2), Barrier(2)

    def hold() -> None:
        with transaction.atomic():
            RawEvent.objects.select_for_update().get(pk=first.pk)
            holds.wait()
            done.wait()
        connection.close()

    with ThreadPoolExecutor(1) as worker:
        held = worker.submit(hold)
        holds.wait()
        assert apply_due() == 1
        assert [message.text for message in Message.objects.all()] == ["free"]
        done.wait()
        held.result()
    assert apply_due() == 1


@pytest.mark.django_db(transaction=True)
def test_a_body_of_many_people_locks_in_no_circle(acme):
    """Two bodies name the same people in opposite order, met by two workers at once."""
    client = Client()
    people = [make_contact() for _ in range(6)]
    barrier = Barrier(2)

    def work() -> None:
        try:
            barrier.wait()
            apply_due()
        finally:
            connection.close()

    for _ in range(5):
        for order in (people, people[::-1]):
            messages = [dm(person, acme, "Hello") for person in order]
            push(client, told_dms("dm.received", acme, *messages, people=people))
        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(work) for _ in range(2)]:
                done.result()
    assert RawEvent.objects.filter(attempts__gt=0).count() == 0
    assert Message.objects.count() == 5 * 2 * 6


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
