"""What X itself can do wrong, as rules of the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.stack import Stack

Rules = list[dict[str, Any]]


@contextmanager
def faults(stack: Stack, rules: Rules) -> Iterator[None]:
    """So long as it lasts X does this; afterwards it is well."""
    for rule in rules:
        stack.tell_x("faults", **rule)
    try:
        yield
    finally:
        answer = httpx.delete(f"{stack.simulator}/_sim/faults", trust_env=False, timeout=20)
        answer.raise_for_status()


def bad_deliveries(seed: int) -> Rules:
    """Pushes are lost, repeated, late and overtaken, 15 % each."""
    lottery = {"share": 0.15, "seed": seed}
    return [
        {"fault": "delivery_lost", **lottery},
        {"fault": "delivery_repeated", "copies": 2, "seconds": [0, 3], **lottery},
        {"fault": "delivery_delayed", "seconds": [1, 5], **lottery},
        {"fault": "delivery_disordered", "behind": [1, 10], **lottery},
    ]


def cut_answers(seed: int) -> Rules:
    """One reply in five is accepted, and the connection cut."""
    endpoints = ["POST /2/tweets", "POST /2/dm_*"]
    return [{"fault": "cut", "when": "after", "endpoint": endpoints, "share": 0.2, "seed": seed}]


def storm(seed: int) -> Rules:
    """ "Too many requests" for one call in three, with the reset where it is wrong."""
    lottery = {"fault": "too_many_requests", "share": 0.12, "seed": seed}
    return [lottery | {"reset": reset, "seconds": 20} for reset in ("ahead", "past", "missing")]
