"""What X's pushes do to us, and what they don't do: checks I1, I2, I6, I7 and I14."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.lines import How
from tests.faults.trial import Trial
from tests.stack import Stack

pytestmark = pytest.mark.faults

CONNECTIONS = 4
# X is told of so many in one call.
BATCH = 500


def test_in_peace_nothing_is_lost(trial, size):
    peace = trial("I1")
    with peace.under_way(size.load):
        pass
    peace.must_hold()


def test_everything_three_times_in_any_order_is_everything_once(trial, size, stack, seed):
    repeated = trial("I2")
    with repeated.under_way(replace(size.load, told=False, per_second=10 * size.per_second)):
        pass
    events = written(repeated) * 3
    random.Random(f"{seed} order").shuffle(events)
    assert deliver(stack, events)["dropped"] == 0
    repeated.must_hold()


def test_what_pushes_left_out_polls_bring(trial, size, stack, seed):
    dropped = trial("I6")
    with dropped.under_way(replace(size.load, told=False, per_second=10 * size.per_second)):
        pass
    told = deliver(stack, written(dropped), drop=0.3, seed=seed)
    assert told["dropped"] > 0.2 * size.events
    dropped.must_hold()


def test_with_no_pushes_at_all_polls_bring_everything(trial, size):
    """More than a page of each feed, and the worker is killed while it walks (I7 and I8)."""
    silent = trial("I7")
    load = replace(size.load, told=False, per_second=20 * size.per_second, agents=0)
    with silent.under_way(replace(load, events=max(900, size.events))):
        pass
    silent.pass_quarter_of_an_hour()
    for _ in range(size.times):
        silent.breaks.restart("worker-ingest", 9)
    silent.must_hold()


def test_everything_told_again_changes_nothing(trial, size, stack):
    again = trial("I14")
    with again.under_way(size.load):
        pass
    again.must_hold()
    before = counts(again)
    deliver(stack, written(again))
    again.until_quiet()
    assert counts(again) == before


def written(trial: Trial) -> list[dict[str, str]]:
    lines = trial.lines.of("write", How.OK)
    return [{"kind": line["kind"], "id": line["id"]} for line in lines]


def deliver(stack: Stack, events: list[dict[str, str]], **how: Any) -> dict[str, int]:
    """Pushes them, several at once; what came of it."""
    total: dict[str, int] = {}
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        told = stack.tell_x("deliver", events=batch, concurrency=CONNECTIONS, **how)
        total = {name: total.get(name, 0) + count for name, count in told.items()}
    return total


def counts(trial: Trial) -> dict[str, int]:
    """Messages, and lines of history: what a second telling must not make."""
    asked = """
        SELECT (SELECT count(*) FROM inbox_message) AS messages,
               (SELECT count(*) FROM inbox_conversation) AS conversations,
               (SELECT count(*) FROM inbox_conversationevent) AS events
    """
    return dict(trial.rows(asked)[0])
