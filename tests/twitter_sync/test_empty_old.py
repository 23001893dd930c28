"""The ledger keeps what X said for some days: `twitter_sync.actions.emptying`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from inbox.models import Contact, Message
from tests.factories import next_x_id
from tests.twitter_sync.bodies import dm_received, encoded, push
from twitter_sync.actions import emptying
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.cutting import cut_due
from twitter_sync.actions.emptying import empty_old
from twitter_sync.actions.redacting import redact
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.audit import INVARIANTS, everything, examine
from twitter_sync.models import RawEvent, Redaction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _days(settings: Settings) -> None:
    settings.RAW_EVENT_DAYS = 14


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def row(state: str, days: float, **columns: object) -> RawEvent:
    told = {"source": "poll", "fact": next_x_id(), "body": b"words", "received_at": days_ago(days)}
    if state == "applied":
        told["applied_at"] = days_ago(days)
    return RawEvent.objects.create(state=state, **(told | columns))


def has_words(one: RawEvent) -> bool:
    one.refresh_from_db()
    assert (one.emptied_at is None) == (one.body != b"")
    return one.emptied_at is None


@pytest.mark.parametrize(
    ("state", "keeps", "goes"),
    [
        ("applied", 13.9, 14.1),
        ("ignored", 13.9, 14.1),
        ("dead", 55.9, 56.1),
        ("orphan", 55.9, 56.1),
    ],
)
def test_words_go_after_as_many_days(state, keeps, goes):
    young, old = row(state, keeps), row(state, goes)
    assert empty_old() == 1
    assert (has_words(young), has_words(old)) == (True, False)
    assert (young.state, old.state) == (state, "applied" if state == "applied" else "ignored")
    assert empty_old() == 0


@pytest.mark.parametrize("state", ["pending", "waiting"])
def test_what_still_waits_keeps_its_words(state):
    assert empty_old() == 0
    assert has_words(row(state, 400))


def test_what_came_long_ago_and_was_applied_just_now_keeps_its_words():
    adopted = row("applied", 40, applied_at=days_ago(1))
    assert empty_old() == 0
    assert has_words(adopted)


def test_days_are_the_owners_choice(settings):
    settings.RAW_EVENT_DAYS = 3
    row("applied", 2)
    assert empty_old() == 0
    row("applied", 4)
    assert empty_old() == 1


def test_what_x_tells_again_is_known_by_its_fact(
    client: Client, acme: BrandAccount, carla: Contact
):
    told = encoded(dm_received(acme, carla, "Where is my parcel?"))
    push(client, told)
    apply_due()
    RawEvent.objects.update(received_at=days_ago(20), applied_at=days_ago(20))
    empty_old()
    push(client, told)
    apply_due()
    assert (RawEvent.objects.count(), Message.objects.count()) == (1, 1)


def test_what_was_set_aside_for_too_long_is_replayed_no_more(acme: BrandAccount):
    old, young = row("dead", 60), row("dead", 50)
    empty_old()
    assert replay_dead() == 1
    assert (has_words(old), has_words(young)) == (False, True)


def test_forty_days_go_in_batches_and_hold_up_nobody(monkeypatch):
    """A row that somebody has in hand is passed over, and comes next time (trust P5)."""
    monkeypatch.setattr(emptying, "ROWS_AT_ONCE", 7)
    for day in range(40):
        row("applied", day + 0.5)
    assert empty_old() == 26
    assert RawEvent.objects.filter(emptied_at=None).count() == 14
    assert RawEvent.objects.exclude(emptied_at=None).exclude(body=b"").count() == 0


def test_deletions_that_were_carried_out_are_forgotten_as_late():
    redact(["17"])
    cut_due()
    empty_old()
    assert Redaction.objects.exists()
    empty_old(timezone.now() + timedelta(days=15))
    assert not Redaction.objects.exists()


def test_the_audit_finds_nothing_wrong_with_it(client: Client, acme: BrandAccount, carla: Contact):
    push(client, dm_received(acme, carla, "Where is my parcel?"))
    apply_due()
    RawEvent.objects.update(received_at=days_ago(20), applied_at=days_ago(20))
    Message.objects.update(received_at=days_ago(20))
    row("dead", 30)
    empty_old()
    found = [examine(invariant, everything()) for invariant in INVARIANTS.values()]
    assert [(one.invariant.name, one.rows) for one in found if one.count or one.unfinished] == []
