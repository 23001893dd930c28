"""What was said before the team began here: `inbox.actions.history`, by way of `receive`."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import BrandAccount, User
from inbox.actions.receiving import receive
from inbox.actions.status import resolve, snooze
from inbox.models import Conversation, Message
from inbox.sequence import sequence_at
from inbox.timeline import timeline
from inbox.utterance import Person, Utterance

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def brand(acme: BrandAccount) -> BrandAccount:
    """Connected just now."""
    acme.answers_since = NOW
    acme.save()
    return acme


def says(
    brand: BrandAccount,
    sent_at: datetime,
    *,
    ours: bool = False,
    who: str = "7",
    public: bool = False,
) -> Message:
    return receive(
        brand,
        Utterance(
            kind="public" if public else "dm",
            transport="post" if public else "dm",
            direction="out" if ours else "in",
            external_id=str(sequence_at(sent_at) + int(who)),
            x_conversation_id=f"{who}-1{public}",
            sequence=sequence_at(sent_at) + int(who),
            customer=Person(who, handle=f"customer{who}"),
            text="Hello",
            sent_at=sent_at,
        ),
    )


def days(number: float) -> datetime:
    """So many days before the team began."""
    return NOW - timedelta(days=number)


def stands() -> list[tuple[str, datetime | None]]:
    return list(Conversation.objects.order_by("id").values_list("status", "unanswered_since"))


def test_who_wrote_last_week_still_waits(brand: BrandAccount) -> None:
    says(brand, days(6))
    assert stands() == [("open", days(6))]


def test_what_is_older_arrives_as_resolved(brand: BrandAccount) -> None:
    conversation = says(brand, days(8)).conversation
    assert stands() == [("resolved", None)]
    lines = [(event.kind, event.actor) for event in conversation.events.order_by("id")]
    assert lines == [("opened", None), ("resolved", None)]


def test_a_conversation_opened_with_its_first_message_whichever_came_first(
    brand: BrandAccount,
) -> None:
    conversation = says(brand, days(2)).conversation
    says(brand, days(20))
    says(brand, days(19), ours=True)
    says(brand, days(1))
    times = {event.kind: event.created_at for event in conversation.events.all()}
    assert times == {"opened": days(20), "sent": days(19)}
    assert [item.kind for item in timeline(conversation).items][:2] == ["event", "message"]


def test_the_older_messages_of_someone_who_waits_do_not_make_the_wait_longer(
    brand: BrandAccount,
) -> None:
    says(brand, days(2))
    says(brand, days(20))
    assert stands() == [("open", days(2))]


def test_someone_who_comes_back_is_waiting_in_the_same_conversation(brand: BrandAccount) -> None:
    says(brand, days(12))
    says(brand, NOW + timedelta(hours=1))
    assert stands() == [("open", NOW + timedelta(hours=1))]
    assert Conversation.objects.get().message_count == 2


def test_long_after_that_a_new_conversation_begins(brand: BrandAccount) -> None:
    says(brand, days(12))
    says(brand, NOW + timedelta(days=9))
    assert stands() == [("resolved", None), ("open", NOW + timedelta(days=9))]
    assert Conversation.objects.last().follows == Conversation.objects.first()


@pytest.mark.parametrize(
    "told",
    [
        [(10, False, False), (2, False, False)],
        [(10, False, False), (2, True, False)],
        [(10, True, False), (9, False, False), (8, True, False)],
        [(20, False, True), (9, False, False), (3, True, True)],
        [(10, False, False), (9, False, True), (6, False, False)],
    ],
)
def test_the_order_of_arrival_changes_nothing(brand: BrandAccount, told: list) -> None:
    """Each as (days before, ours, in public)."""
    found = set()
    for order in permutations(told):
        with transaction.atomic():
            for ago, ours, public in order:
                says(brand, days(ago), ours=ours, public=public)
            found.add(frozenset(stands()))
            transaction.set_rollback(True)
    assert len(found) == 1


def test_the_past_undoes_nothing_that_was_put_away(brand: BrandAccount, ana: User) -> None:
    resolved, snoozed = says(brand, days(1), who="7"), says(brand, days(1), who="8")
    resolve(resolved.conversation, by=ana)
    snooze(snoozed.conversation, until=timezone.now() + timedelta(days=1), by=ana)
    for who in "78":
        says(brand, days(3), who=who)
    assert [status for status, _ in stands()] == ["resolved", "snoozed"]


def test_news_still_does(brand: BrandAccount, ana: User) -> None:
    resolve(says(brand, days(1)).conversation, by=ana)
    says(brand, days(3))
    says(brand, NOW + timedelta(minutes=1))
    assert stands() == [("open", NOW + timedelta(minutes=1))]


def test_a_handle_that_was_always_here_has_no_past(acme: BrandAccount) -> None:
    says(acme, days(400))
    assert stands() == [("open", days(400))]
