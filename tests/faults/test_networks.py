"""The network between Handled, its database and its queue is bad: check C7."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest

from tests.faults.breaking import WAYS
from tests.faults.conftest import LONG
from tests.faults.watch import Watch
from tests.faults.ways import BAD

pytestmark = pytest.mark.faults

# On a machine of its own; the short run shares one.
HANGS_AT_MOST = 30.0
# In the short run: long enough that something is under way through all of it.
EVENTS_PER_SECOND, EVENTS = 5, 250


def test_a_bad_network_hangs_nobody_up(trial, size, seed):
    """Slow, cut off, silent and narrow, each in its turn, while everything goes on."""
    networked = trial("C7")
    turns = list(product(WAYS, BAD))
    random.Random(f"{seed} weather").shuffle(turns)
    load = replace(size.load, events=max(EVENTS, size.events))
    if size is not LONG:
        load = replace(load, per_second=EVENTS_PER_SECOND)
    with networked.under_way(load), Watch(networked) as watch:
        for way, weather in turns:
            with networked.breaks.bad_weather(way, weather):
                networked.breaks.pause()
            networked.breaks.pause()
    networked.figures.note(
        **{f"{name}_silent": f"{worst:.1f} s" for name, worst in watch.worst.items()}
    )
    networked.must_hold()
    assert max(watch.worst.values()) <= (1 if size is LONG else 2) * HANGS_AT_MOST
