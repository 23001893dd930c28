"""Rows that can't be applied: tried again, set aside, and in nobody's way (trust R19)."""

from __future__ import annotations

import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from inbox.actions import receiving
from inbox.models import Conversation, Message
from tests.twitter_sync.bodies import dm, dm_received, push, told_dms
from tests.twitter_sync.working import states
from twitter_sync.actions.applying import apply_due
from twitter_sync.models import RawEvent

pytestmark = pytest.mark.django_db


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
    assert row.error.startswith("KeyError at test_apply_failures.py:")
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
