"""Several workers at the ledger at once, and at the handle that is just being connected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import BrandAccount
from inbox.models import Contact, Conversation, ConversationEvent, Message
from tests.factories import make_contact, next_x_id
from tests.twitter_sync.bodies import dm, dm_received, push, told_dms
from tests.twitter_sync.working import apply_and_leave, states, until_someone_waits_for_a_lock
from twitter_sync.actions import applying
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.replaying import adopt_orphans
from twitter_sync.locks import lock_accounts
from twitter_sync.models import RawEvent

pytestmark = pytest.mark.django_db(transaction=True)


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
