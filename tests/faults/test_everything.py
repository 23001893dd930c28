"""All that can go wrong, one after the other in an order that the seed decides: check C14."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.faults.actors import Load
from tests.faults.breaking import OFF, WAYS, faketimes
from tests.faults.conftest import LONG, Size
from tests.faults.flood import Flood
from tests.faults.misbehaving import Rules, bad_deliveries, cut_answers, faults, storm
from tests.faults.trial import Trial
from tests.faults.ways import BAD

pytestmark = pytest.mark.faults

STRANGERS_A_SECOND = 200
# Deeds in the short run, however slow the machine.
FEWEST = 4
# So long X misbehaves, in seconds.
A_WHILE = 8


def test_any_of_it_in_any_order_loses_nothing(trial, size, seed, tmp_path):
    """In the long run for ten minutes, and every deed at least once."""
    mixed = trial("C14")
    deeds = anything(mixed, seed, tmp_path)
    order = in_any_order(sorted(deeds), random.Random(f"{seed} schedule"))
    done: list[str] = []
    fewest = len(deeds) if size is LONG else FEWEST
    with mixed.under_way(load_for(size)):
        ends_at = time.monotonic() + size.storm
        while time.monotonic() < ends_at or len(done) < fewest:
            done.append(next(order))
            print(f"C14: {done[-1]}", flush=True)
            deeds[done[-1]]()
            mixed.breaks.pause()
    mixed.figures.note(deeds=len(done), of=f"{len(set(done))} kinds")
    mixed.must_hold()


def load_for(size: Size) -> Load:
    return replace(size.load, events=size.events, per_second=size.events / size.storm)


def in_any_order(names: list[str], rng: random.Random) -> Iterator[str]:
    """For ever; none twice before all had their turn."""
    while True:
        yield from rng.sample(names, len(names))


def anything(trial: Trial, seed: int, folder: Path) -> dict[str, Callable[[], object]]:
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

    def weather(way: str, kind: str) -> None:
        with breaks.bad_weather(way, kind):
            breaks.pause()

    def clock_off(by: str) -> None:
        with breaks.clock_off(by, folder):
            time.sleep(A_WHILE)

    networks = {f"{kind} on the way to the {way}": (way, kind) for way in WAYS for kind in BAD}
    clocks = {f"set a worker's clock {by}": by for by in OFF} if faketimes() else {}
    return {
        **{name: partial(weather, *about) for name, about in networks.items()},
        **{name: partial(clock_off, by) for name, by in clocks.items()},
        "restart everybody": lambda: breaks.restart_all(*breaks.workers(), "beat"),
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
