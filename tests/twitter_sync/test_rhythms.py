"""How probable a silence is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twitter_sync.rhythms import HOURS, expected, hour_of_week, is_improbable

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
# Two an hour from nine to five, Monday to Friday.
OFFICE = [2.0 if hour % 24 in range(9, 17) and hour < 5 * 24 else 0.0 for hour in range(HOURS)]


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def test_a_week_begins_on_monday_in_utc():
    assert hour_of_week(MONDAY) == 0
    assert hour_of_week(MONDAY - timedelta(seconds=1)) == HOURS - 1
    assert hour_of_week(datetime(2026, 11, 23, 1, 30).astimezone()) == hour_of_week(
        datetime(2026, 11, 23, 1, 30).astimezone(UTC)
    )


@pytest.mark.parametrize(
    ("since", "until", "conversations"),
    [
        (at(9), at(17), 16),
        (at(9.5), at(10), 1),
        (at(17), at(33), 0),
        (at(16), at(34), 4),
        (at(9), at(9), 0),
        (at(10), at(9), 0),
        (at(0), at(HOURS), 80),
        (at(9), at(9 + 3 * HOURS), 240),
    ],
)
def test_what_was_to_be_expected_is_added_up_hour_by_hour(since, until, conversations):
    assert expected(OFFICE, since, until) == pytest.approx(conversations)


@given(st.integers(), st.floats(0, 2_000), st.floats(0, 2_000), st.floats(0, 2_000))
def test_two_spans_that_meet_are_one(seed, one, two, three):
    chance = Random(seed)
    rates = [100 * chance.random() for _ in range(HOURS)]
    first, middle, last = sorted([at(one), at(two), at(three)])
    parts = expected(rates, first, middle) + expected(rates, middle, last)
    assert expected(rates, first, last) == pytest.approx(parts, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("since", "until", "improbable"),
    [
        (at(9), at(13), False),  # eight were to be expected: it happens
        (at(9), at(14), True),
        (at(17), at(33), False),  # a night
        (at(4 * 24 + 17), at(7 * 24 + 9), False),  # a weekend
        (at(16), at(24 + 13), True),
    ],
)
def test_a_silence_is_improbable_when_many_should_have_written(since, until, improbable):
    assert is_improbable(OFFICE, 0, since, until) is improbable


def test_no_silence_that_is_much_like_an_earlier_one_is_improbable():
    """A holiday, or customers who write all at once."""
    assert not is_improbable(OFFICE, longest=16, since=at(9), until=at(17))
    assert is_improbable(OFFICE, longest=16, since=at(9), until=at(2 * 24 + 12))


def test_an_hour_is_always_chance():
    busy = [100_000.0] * HOURS
    assert not is_improbable(busy, 0, at(9), at(9.9))
    assert is_improbable(busy, 0, at(9), at(10))
