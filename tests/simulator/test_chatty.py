"""The customer who writes by himself."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.simulator.program import Json, Program


@pytest.fixture(autouse=True)
def usual(program: Program) -> Iterator[None]:
    """He is left as he is for everybody else."""
    yield
    program.control("POST", "chatty", on=False, every_seconds=[20, 60])


def written(program: Program, charlie: Json) -> tuple[list[Json], list[Json]]:
    """His DMs and his posts."""
    ledger = program.control("GET", "ledger")
    dms = [dm for dm in ledger["dms"] if dm["sender_id"] == charlie["id"]]
    return dms, [post for post in ledger["posts"] if post["author_id"] == charlie["id"]]


def let_him_write(program: Program, charlie: Json, times: int) -> None:
    """Switched on until he has written so often, then off; he would go on as quickly."""
    before = sum(map(len, written(program, charlie)))
    assert program.control("POST", "chatty", on=True, every_seconds=[0.01, 0.02]) == {"on": True}
    deadline = time.monotonic() + 60
    while sum(map(len, written(program, charlie))) < before + times:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert program.control("POST", "chatty", on=False) == {"on": False}


def test_he_writes_when_switched_on_and_stops_when_switched_off(program: Program) -> None:
    program.brand()
    charlie = program.person("chatty_charlie")
    assert program.control("GET", "chatty") == {"on": False}
    let_him_write(program, charlie, 3)
    quiet = written(program, charlie)
    time.sleep(0.5)  # time for two dozen more
    assert written(program, charlie) == quiet


def test_where_the_demos_brands_are_he_writes_to_no_other(program: Program) -> None:
    larkwing = program.person("larkwing", brand=True)
    charlie = program.person("chatty_charlie")
    dms_before, posts_before = written(program, charlie)
    let_him_write(program, charlie, 4)
    dms, posts = written(program, charlie)
    assert {dm["recipient_id"] for dm in dms[len(dms_before) :]} <= {larkwing["id"]}
    assert all(post["text"].startswith("@larkwing ") for post in posts[len(posts_before) :])
