"""Pushes are counted from the ledger, and the month is added up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Letter
from accounts.tasks import send_letters
from tests.twitter_sync.bodies import dm_received, dm_sent, encoded, mention_event, post, push
from twitter_sync import metering
from twitter_sync.actions import tallying
from twitter_sync.actions.measuring import measure
from twitter_sync.actions.pricing import set_cap, set_prices
from twitter_sync.actions.tallying import read_pushes, tally
from twitter_sync.billing import PRICES, Kind
from twitter_sync.budgets import user_scope
from twitter_sync.models import RawEvent, ReadToday, Spending, Usage
from twitter_sync.models.spending import month_of

pytestmark = pytest.mark.django_db
Pace = Spending.Pace


def later(**ahead: float) -> datetime:
    return timezone.now() + timedelta(**ahead)


def used(brand) -> dict[str, int]:
    rows = Usage.objects.filter(scope=user_scope(brand.x_user_id))
    return dict(rows.values_list("kind", "amount"))


# Pushes


def test_a_push_counts_once_for_the_handle_it_was_told_to(client, acme, globex, carla):
    push(client, dm_received(acme, carla))
    push(client, dm_sent(acme, carla))
    push(client, mention_event(globex, post(carla, "@globex hello?")))
    tally(later(minutes=1))
    tally(later(minutes=2))
    assert used(acme) == {Kind.DM_PUSHED: 1}
    assert used(globex) == {Kind.POST_PUSHED: 1}


def test_what_a_poll_found_was_counted_when_it_asked(acme, carla):
    body = encoded(dm_received(acme, carla))
    RawEvent.objects.create(source="poll", fact="dm:1:1", body=body, brand=acme)
    RawEvent.objects.create(source="stream", fact="stream:1", body=body)
    tally(later(minutes=1))
    assert used(acme) == {Kind.DM_PUSHED: 1}


def test_a_row_that_others_may_still_stand_before_is_left_for_the_next_minute(client, acme, carla):
    push(client, dm_received(acme, carla))
    tally()
    assert used(acme) == {}
    tally(later(seconds=31))
    assert used(acme) == {Kind.DM_PUSHED: 1}


def test_what_can_not_be_read_is_passed_over(client, acme, carla):
    push(client, b'{"data": "nonsense"}')
    RawEvent.objects.create(source="webhook", fact="torn", body=b"{")
    push(client, dm_received(acme, carla))
    tally(later(minutes=1))
    assert used(acme) == {Kind.DM_PUSHED: 1}


def test_a_long_ledger_is_counted_in_turns(client, acme, carla, monkeypatch):
    monkeypatch.setattr(tallying, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        push(client, dm_received(acme, carla))
    assert [read_pushes(later(minutes=1)) for _ in range(4)] == [2, 2, 1, 0]
    assert used(acme) == {Kind.DM_PUSHED: 5}


def test_a_push_belongs_to_its_own_day(client, acme, carla):
    push(client, dm_received(acme, carla))
    RawEvent.objects.update(received_at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    tally()
    assert Usage.objects.get().day == date(2026, 11, 21)


def test_what_was_read_on_former_days_is_forgotten():
    metering.count_answer("app", "mentions", {"data": [{"id": "1"}]})
    tally()
    assert ReadToday.objects.count() == 1
    tally(later(days=1))
    assert ReadToday.objects.count() == 0
    assert Usage.objects.count() == 1


# The month


def spend(dollars: int) -> None:
    """In messages read."""
    amount = int(dollars / PRICES[Kind.DM_READ])
    Usage.objects.all().delete()
    Usage.objects.create(scope="app", day=metering.day_of_x(), kind=Kind.DM_READ, amount=amount)


def test_it_adds_up_what_all_callers_used_this_month(olga):
    spend(3)
    before = month_of(timezone.now()) - timedelta(days=1)
    Usage.objects.create(scope="app", day=before, kind=Kind.POST, amount=1_000)
    assert measure(timezone.now()).spent_usd == 3
    set_prices({Kind.DM_READ: Decimal("0.02")}, by=olga)
    assert Spending.objects.get().spent_usd == 6


@pytest.mark.parametrize(
    ("spent", "pace"), [(7, Pace.FULL), (8, Pace.SLOW), (10, Pace.STOPPED), (99, Pace.STOPPED)]
)
def test_near_the_cap_it_slows_and_at_the_cap_it_stops(olga, spent, pace):
    set_cap(Decimal(10), by=olga)
    spend(spent)
    now = timezone.now()
    assert measure(now).pace_at(now) == pace


def test_without_a_cap_nothing_ever_slows():
    spend(1_000_000)
    now = timezone.now()
    assert measure(now).pace_at(now) == Pace.FULL


def test_a_new_month_begins_at_nothing(olga):
    set_cap(Decimal(10), by=olga)
    spend(20)
    now = timezone.now()
    measure(now)
    next_month = month_of(now) + timedelta(days=32)
    then = datetime(next_month.year, next_month.month, 1, tzinfo=UTC)
    assert Spending.objects.get().pace_at(then) == Pace.FULL
    assert measure(then).spent_usd == 0


def test_the_owner_is_written_to_once_for_each_step(olga, ada, mailoutbox):
    set_cap(Decimal(10), by=olga)
    for dollars in (7, 8, 9, 10, 11):
        spend(dollars)
        measure(timezone.now())
    assert [letter.to for letter in Letter.objects.all()] == [olga, olga]
    assert send_letters() == 2
    assert "/handles/costs/" in mailoutbox[0].body
