"""Calls of every route that the simulator serves, so that each says everything it can.

A case makes the calls; whoever looks on (`Contract`) judges the answers. A case that is not here
fails `test_contract.py`. Each subject has its file.
"""

from __future__ import annotations

from tests.simulator.driving import (
    access,
    chat,
    compliance,
    everywhere,
    media,
    messages,
    people,
    posts,
    streams,
    webhooks,
)
from tests.simulator.driving.cases import CASES, Case
from tests.simulator.driving.stage import Stage

# In the order in which they run.
SUBJECTS = (
    *(everywhere, people, messages, posts, media),
    *(webhooks, compliance, streams, chat, access),
)


def drive(stage: Stage) -> dict[str, str]:
    """What went wrong with each case, apart from what the answers themselves showed."""
    failures: dict[str, str] = {}
    for case in in_order():
        try:
            case(stage)
        except AssertionError as error:
            failures[case.__name__] = str(error)
    return failures


def in_order() -> list[Case]:
    """Subject by subject, each as it stands in its file."""
    names = [subject.__name__ for subject in SUBJECTS]
    return sorted(dict.fromkeys(CASES.values()), key=lambda case: names.index(case.__module__))
