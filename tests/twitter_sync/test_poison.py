"""Rows that can never be applied, among many that can (trust I11)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Message
from tests.factories import make_contact
from tests.twitter_sync.bodies import dm_received, push
from tests.twitter_sync.working import apply_all
from twitter_sync.actions import interpreting
from twitter_sync.actions.applying import MOST_ATTEMPTS
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.models import RawEvent
from twitter_sync.payloads import DirectMessage

pytestmark = pytest.mark.django_db

POISON = "poison"


class HandlerError(Exception):
    """A bug of ours that one message in a hundred meets."""


def fail_for_poison(event: DirectMessage, *_: object) -> int:
    if event.text == POISON:
        raise HandlerError
    return hear_message(event, *_)


hear_message = interpreting.hear_message


@pytest.mark.parametrize("many", [200, pytest.param(10_000, marks=pytest.mark.deep)])
def test_one_in_a_hundred_is_set_aside_and_holds_up_nobody(acme, many):
    write(acme, many)
    interpreting.hear.register(DirectMessage, fail_for_poison)
    try:
        until_nothing_is_due()
        assert Message.objects.count() == many - many // 100
        assert states() == {"applied": many - many // 100, "dead": many // 100}
    finally:
        interpreting.hear.register(DirectMessage, hear_message)
    assert replay_dead() == many // 100
    until_nothing_is_due()
    assert Message.objects.filter(text=POISON).count() == many // 100
    assert states() == {"applied": many}


def write(acme: BrandAccount, many: int) -> None:
    client, people = Client(), [make_contact() for _ in range(20)]
    for number in range(many):
        words = f"No. {number}" if number % 100 else POISON
        push(client, dm_received(acme, people[number % 20], words))


def until_nothing_is_due() -> None:
    """As if the pauses between two tries had passed."""
    for _ in range(MOST_ATTEMPTS):
        RawEvent.objects.filter(state="pending").update(due_at=timezone.now())
        apply_all()


def states() -> dict[str, int]:
    found = list(RawEvent.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}
