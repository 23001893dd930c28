"""Whether somebody can be written to: asked of X, heard along with messages, and shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.channel import channel
from inbox.models import Contact
from tests.factories import make_contact, make_conversation
from tests.twitter_sync.test_poll import poll_now, with_ground, writes
from tests.twitter_sync.working import apply_all
from twitter_sync import spending
from twitter_sync.actions.asking import Said, ask, keep
from twitter_sync.errors import CapReached
from twitter_sync.models import Reach
from twitter_sync.reach import OLD_AFTER

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(simulator) -> dict[str, Any]:
    return simulator.person()


@pytest.fixture
def contact(customer) -> Contact:
    return make_contact(customer["username"], x_user_id=customer["id"])


def told(acme, contact) -> tuple[bool | None, str]:
    said = channel().reach(acme.pk, contact.pk)
    return said.takes_dms, said.account


def asked_for_users(simulator) -> int:
    return len(simulator.calls("/2/users"))


@pytest.mark.parametrize("takes", [True, False])
def test_x_says_whether_a_person_takes_the_handles_messages(
    simulator, brand, customer, contact, takes
):
    simulator.person(customer["username"], id=customer["id"], receives_your_dm=takes)
    row = ask(brand.pk, contact.pk)
    assert row is not None
    assert told(brand, contact) == (takes, "there")


@pytest.mark.parametrize(("account", "said"), [("suspended", "suspended"), ("deactivated", "gone")])
def test_an_account_that_x_suspended_is_told_from_one_that_is_gone(
    simulator, brand, customer, contact, account, said
):
    simulator.person(customer["username"], id=customer["id"], account=account)
    ask(brand.pk, contact.pk)
    assert told(brand, contact) == (None, said)
    simulator.person(customer["username"], id=customer["id"], account="active")
    Reach.objects.update(asked_at=None, said_at=timezone.now() - 2 * OLD_AFTER)
    ask(brand.pk, contact.pk)
    assert told(brand, contact) == (True, "there")


def test_it_is_asked_once_in_so_many_hours(simulator, brand, contact):
    before = asked_for_users(simulator)
    assert channel().reach(brand.pk, contact.pk).is_to_be_asked
    ask(brand.pk, contact.pk)
    assert ask(brand.pk, contact.pk) is None
    assert not channel().reach(brand.pk, contact.pk).is_to_be_asked
    assert asked_for_users(simulator) == before + 1
    long_ago = timezone.now() - OLD_AFTER - timedelta(minutes=1)
    Reach.objects.update(asked_at=long_ago, said_at=long_ago)
    assert channel().reach(brand.pk, contact.pk).is_to_be_asked
    ask(brand.pk, contact.pk)
    assert asked_for_users(simulator) == before + 2


def test_what_x_does_not_answer_is_asked_again_soon(simulator, brand, contact, monkeypatch):
    def capped(endpoint: str, purpose: object) -> None:
        raise CapReached(endpoint=endpoint)

    with monkeypatch.context() as patch:
        patch.setattr(spending, "require_leave", capped)
        assert ask(brand.pk, contact.pk) is None
    assert ask(brand.pk, contact.pk) is None
    again = timezone.now() - timedelta(minutes=11)
    row = Reach.objects.get()
    Reach.objects.update(asked_at=row.asked_at + (again - timezone.now()))
    assert ask(brand.pk, contact.pk) is not None


def test_a_handle_that_is_paused_asks_nothing(simulator, brand, contact):
    brand.status = "paused"
    brand.save()
    before = asked_for_users(simulator)
    assert ask(brand.pk, contact.pk) is None
    assert asked_for_users(simulator) == before


def test_what_comes_along_with_messages_counts_as_said(simulator, brand, customer):
    with_ground(simulator, customer, brand)
    apply_all()
    contact = Contact.objects.get(x_user_id=customer["id"])
    writes(simulator, customer, brand, "Hello?")
    poll_now(brand)
    apply_all()
    said = channel().reach(brand.pk, contact.pk)
    assert (said.takes_dms, said.is_to_be_asked) == (True, False)
    assert ask(brand.pk, contact.pk) is None


def test_the_newest_word_counts_in_whatever_order_it_comes(brand, contact):
    now = timezone.now()
    newer = Said(brand.pk, contact.x_user_id, False, now)
    keep([newer])
    keep([Said(brand.pk, contact.x_user_id, True, now - timedelta(minutes=1))])
    assert told(brand, contact) == (False, "there")


def test_who_is_no_contact_does_not_become_one(brand):
    keep([Said(brand.pk, "4242", True, timezone.now())])
    assert not Reach.objects.exists()


def test_desks_hear_of_what_changes_whom_they_can_write_to_and_of_nothing_else(brand, contact):
    conversation = make_conversation(brand, contact)

    def version_after(takes: bool, minutes: int) -> int:
        said_at = timezone.now() + timedelta(minutes=minutes)
        keep([Said(brand.pk, contact.x_user_id, takes, said_at)])
        conversation.refresh_from_db()
        return conversation.version

    before = conversation.version
    assert version_after(True, 1) == before
    assert version_after(False, 2) == before + 1
    assert version_after(False, 3) == before + 1
    assert version_after(True, 4) == before + 2
