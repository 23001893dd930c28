"""X itself behaves badly: it refuses, cuts off, loses, repeats and takes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tests.faults.misbehaving import bad_deliveries, faults, storm
from tests.faults.trial import Trial

pytestmark = pytest.mark.faults

# What takes its time there is the dying.
MOST_EVENTS = 1_000
STOPPED_WITHIN, TOLD_WITHIN = 5.0, 60.0


def test_pushes_lost_repeated_late_and_overtaken_are_everything_once(trial, size, stack, seed):
    """I10 of the catalogue, and loss beside it."""
    upset = trial("I10")
    with faults(stack, bad_deliveries(seed)), upset.under_way(size.load):
        pass
    upset.must_hold()


def test_a_storm_of_refusals_loses_nothing(trial, size, stack, seed):
    stormy = trial("O9")
    with faults(stack, storm(seed)), stormy.under_way(size.load):
        pass
    stormy.must_hold()


def test_a_handle_that_x_takes_back_stops_and_goes_on_after_a_reconnect(trial, size, town):
    taken = trial("T3")
    handle, x_user_id = min(town.brands.items())
    with taken.under_way(size.load):
        taken.take_back(handle)
    taken.must_hold()
    refused = [moment(call) for call in calls(taken, x_user_id) if call["status"] == 401]
    assert not refused or (max(refused) - min(refused)).total_seconds() <= STOPPED_WITHIN


def test_a_worker_that_dies_with_a_new_token_in_hand_ends_in_a_reconnect(trial, size, town):
    """X has voided the old pair, ours of it is the old one still (T2)."""
    died = trial("T2")
    handle, _ = max(town.brands.items())
    with died.under_way(replace(size.load, events=min(size.events, MOST_EVENTS))):
        took = [died.die_with_a_new_token(handle) for _ in range(size.deaths)]
    died.figures.note(deaths=len(took), longest_until_told=f"{max(took):.1f} s")
    died.must_hold()
    assert max(took) <= size.within(TOLD_WITHIN)


def calls(trial: Trial, x_user_id: str) -> list[dict[str, Any]]:
    """Of this trial alone: others take handles back, too."""
    found = trial.stack.ask_x("calls?limit=20000")["calls"]
    return [one for one in found if one["user_id"] == x_user_id and one["at"] >= trial.begun_at]


def moment(call: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(call["at"])
