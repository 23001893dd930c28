"""The sender is killed at each point of its way: check O6 of the catalogue.

Each death is a process of its own, forked and ended by SIGKILL; the living find what it left.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync.outbox import echo, say, taken
from tests.x import Simulator
from twitter_sync import transport
from twitter_sync.actions import sending
from twitter_sync.actions.sending import send_next, sweep
from twitter_sync.budgets import lifted
from twitter_sync.models import SendAttempt

pytestmark = pytest.mark.django_db(transaction=True)

Deed = Callable[..., Any]


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody outlives this")


def then_die(deed: Deed) -> Deed:
    def done(*given: Any, **named: Any) -> NoReturn:
        deed(*given, **named)
        die()

    return done


def half_then_die(deed: Deed) -> Deed:
    """Of what is sent over a connection."""

    def done(line: transport._Connection, said: bytes) -> NoReturn:
        deed(line, said[: len(said) // 2])
        die()

    return done


# What is replaced, by what, whether X has the reply of whoever died there, and what we say of it.
WAYS: dict[str, tuple[Any, str, Callable[[Deed], Deed], bool, str]] = {
    "before the attempt is committed": (sending.sending, "take_next", then_die, False, "queued"),
    "before the call": (sending, "hand_to_x", lambda _: die, False, "uncertain"),
    "in the middle of the request": (
        transport._Connection,
        "send",
        half_then_die,
        False,
        "uncertain",
    ),
    "with X's answer in hand": (sending, "hand_to_x", then_die, True, "uncertain"),
    "before what came of it is committed": (
        sending.sending,
        "confirm_sent",
        then_die,
        True,
        "uncertain",
    ),
    "after that": (sending, "accepted", then_die, True, "sent"),
}


@pytest.mark.parametrize("deaths", [1, pytest.param(50, marks=pytest.mark.deep)])
@pytest.mark.parametrize("where", WAYS)
def test_a_sender_that_dies_sends_nothing_twice_and_holds_nothing_up(
    simulator, without_quotas, brand, agent, asked, client, where, deaths
):
    *_, is_taken, state = WAYS[where]
    for number in range(deaths):
        message = say(asked(brand), agent, f"Reply {number}")
        die_while_sending(message, where)
        assert len(on_x(simulator, brand, message)) == is_taken
        leases_are_over()
        message.refresh_from_db()
        assert message.state == state
        if state == "queued":
            with lifted():
                send_next(message.conversation_id)
        elif is_taken:
            echo(simulator, client, message)
        message.refresh_from_db()
        took = on_x(simulator, brand, message)
        assert [message.external_id] == took or (message.state, took) == ("uncertain", [])


def die_while_sending(message: Message, where: str) -> None:
    connection.close()
    child = os.fork()
    if not child:
        send_and_die(message.conversation_id, where)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def send_and_die(conversation_id: int, where: str) -> None:
    """In the child, which shares no connection with its parent."""
    owner, name, way, *_ = WAYS[where]
    try:
        transport._adapter.poolmanager.clear()
        with lifted(), patch.object(owner, name, way(getattr(owner, name))):
            send_next(conversation_id)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def leases_are_over() -> None:
    """And the sweep has come by: nothing is under way any more."""
    SendAttempt.objects.filter(outcome="open").update(lease_until=F("started_at"))
    sweep()
    assert not SendAttempt.objects.filter(outcome="open").exists()


def on_x(simulator: Simulator, brand: BrandAccount, message: Message) -> list[str]:
    return [dm["id"] for dm in taken(simulator, brand) if dm["text"] == message.text]
