"""All that can go wrong, one after the other in an order that the seed decides: check C14."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.flood import Flood
from tests.faults.misbehaving import Rules, bad_deliveries, cut_answers, faults, storm
from tests.faults.trial import Trial

pytestmark = pytest.mark.faults

STRANGERS_A_SECOND = 200
# So long X misbehaves, in seconds.
A_WHILE = 8


def test_any_of_it_in_any_order_loses_nothing(trial, size, seed):
    """In the long run every deed at least once."""
    mixed = trial("C14")
    deeds = anything(mixed, seed)
    schedule = ordered(sorted(deeds), 2 * size.times, random.Random(f"{seed} schedule"))
    print(f"C14: {', '.join(schedule)}", flush=True)
    with mixed.under_way(size.load):
        for name in schedule:
            deeds[name]()
            mixed.breaks.pause()
    mixed.must_hold()


def ordered(names: list[str], count: int, rng: random.Random) -> list[str]:
    """So many of them; none twice before all had their turn."""
    chosen: list[str] = []
    while len(chosen) < count:
        chosen += rng.sample(names, len(names))
    return chosen[:count]


def anything(trial: Trial, seed: int) -> dict[str, Callable[[], object]]:
    breaks, handles = trial.breaks, sorted(trial.town.brands)

    def for_a_while(name: str, rules: Rules) -> None:
        breaks.say(name)
        with faults(trial.stack, rules):
            time.sleep(A_WHILE)

    def asleep(part: str) -> None:
        with breaks.stopped(breaks.pid(part), part):
            breaks.pause()

    def strangers() -> None:
        breaks.say("strangers")
        with Flood(trial.stack.web, STRANGERS_A_SECOND):
            breaks.pause()

    return {
        "kill a worker": breaks.kill_somebody,
        "kill the clock": lambda: breaks.restart("beat", signal.SIGKILL),
        "kill the queue": lambda: breaks.restart("valkey", signal.SIGKILL),
        "empty the queue": breaks.flush_queue,
        "hang the queue": lambda: asleep("valkey"),
        "put the sender to sleep": lambda: asleep("worker-send"),
        "crash the database": breaks.crash_database,
        "cut a session": breaks.kill_backend,
        "reload the pages": breaks.reload_web,
        "restart a worker": lambda: breaks.restart("worker-ingest"),
        "lose and repeat pushes": lambda: for_a_while("bad pushes", bad_deliveries(seed)),
        "cut answers": lambda: for_a_while("cut answers", cut_answers(seed)),
        "let strangers knock": strangers,
        "refuse calls": lambda: for_a_while("429", storm(seed)),
        "take a handle back": lambda: trial.take_back(handles[0]),
        "lose a new token": lambda: trial.die_with_a_new_token(handles[-1]),
    }
