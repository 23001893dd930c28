"""X itself behaves badly: it refuses, cuts off, loses, repeats and takes back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.faults.trial import Trial
from tests.stack import Stack, until

pytestmark = pytest.mark.faults

NOTICED_WITHIN = 90.0
STOPPED_WITHIN = 5.0


@contextmanager
def faults(stack: Stack, *rules: dict[str, Any]) -> Iterator[None]:
    """So long as it lasts X does this; afterwards it is well."""
    for rule in rules:
        stack.tell_x("faults", **rule)
    try:
        yield
    finally:
        answer = httpx.delete(f"{stack.simulator}/_sim/faults", trust_env=False, timeout=20)
        answer.raise_for_status()


def test_pushes_lost_repeated_late_and_overtaken_are_everything_once(trial, size, stack, seed):
    """I10 of the catalogue, and loss beside it."""
    lottery = {"share": 0.15, "seed": seed}
    bad = [
        {"fault": "delivery_lost", **lottery},
        {"fault": "delivery_repeated", "copies": 2, "seconds": [0, 3], **lottery},
        {"fault": "delivery_delayed", "seconds": [1, 5], **lottery},
        {"fault": "delivery_disordered", "behind": [1, 10], **lottery},
    ]
    upset = trial("I10")
    with faults(stack, *bad), upset.under_way(size.load):
        pass
    upset.must_hold()


def test_answers_that_never_come_are_no_second_send(trial, size, stack, seed):
    """X accepts a reply and cuts the connection, for one in five (O1 and O2 of the catalogue)."""
    cut = {"fault": "cut", "when": "after", "endpoint": ["POST /2/tweets", "POST /2/dm_*"]}
    deaf = trial("O2")
    with faults(stack, cut | {"share": 0.2, "seed": seed}), deaf.under_way(size.load):
        pass
    deaf.must_hold()


def test_a_storm_of_refusals_loses_nothing(trial, size, stack, seed):
    """ "Too many requests" for one call in three, with the reset where it is wrong."""
    lottery = {"fault": "too_many_requests", "share": 0.12, "seed": seed}
    storm = [lottery | {"reset": reset, "seconds": 20} for reset in ("ahead", "past", "missing")]
    stormy = trial("O9")
    with faults(stack, *storm), stormy.under_way(size.load):
        pass
    stormy.must_hold()


def test_a_handle_that_x_takes_back_stops_and_goes_on_after_a_reconnect(trial, size, stack, town):
    taken = trial("T3")
    handle, x_user_id = min(town.brands.items())
    with taken.under_way(size.load):
        stack.tell_x("revoke", user_id=x_user_id)
        until(lambda: status(taken, handle) == "needs_reconnect", within=NOTICED_WITHIN)
        stack.manage("manage.py", "connect_simulated", handle)
    taken.must_hold()
    refused = [moment(call) for call in calls(stack, x_user_id) if call["status"] == 401]
    assert not refused or (max(refused) - min(refused)).total_seconds() <= STOPPED_WITHIN


def test_a_worker_that_dies_with_a_new_token_in_hand_ends_in_a_reconnect(trial, size, stack, town):
    """X has voided the old pair, ours of it is the old one still (T2)."""
    died = trial("T2")
    handle, _ = max(town.brands.items())
    with died.under_way(size.load):
        ended = stack.run("-m", "tests.faults.dying", handle)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        until(lambda: status(died, handle) == "needs_reconnect", within=NOTICED_WITHIN)
        assert letters(died, handle) > 0
        stack.manage("manage.py", "connect_simulated", handle)
    died.must_hold()


def status(trial: Trial, handle: str) -> str:
    asked = f"SELECT status FROM accounts_brandaccount WHERE handle = '{handle}'"  # noqa: S608
    return str(trial.rows(asked)[0]["status"])


def letters(trial: Trial, handle: str) -> int:
    """To those who run the handle, that it must be reconnected."""
    asked = f"""
        SELECT count(*) FROM accounts_letter letter
        JOIN accounts_brandaccount brand ON brand.id = letter.brand_id
        WHERE letter.kind = 'reconnect' AND brand.handle = '{handle}'
    """  # noqa: S608
    return int(trial.rows(asked)[0]["count"])


def calls(stack: Stack, x_user_id: str) -> list[dict[str, Any]]:
    found = stack.ask_x("calls?limit=20000")["calls"]
    return [call for call in found if call["user_id"] == x_user_id]


def moment(call: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(call["at"])
