"""The customer who writes by himself."""

from __future__ import annotations

import time

from tests.simulator.program import Program


def test_he_writes_when_switched_on_and_stops_when_switched_off(program: Program) -> None:
    brand = program.brand()
    charlie = program.person("chatty_charlie")

    def written() -> list[str]:
        ledger = program.control("GET", "ledger")
        dms = [dm["text"] for dm in ledger["dms"] if dm["sender_id"] == charlie["id"]]
        return dms + [one["text"] for one in ledger["posts"] if one["author_id"] == charlie["id"]]

    assert program.control("GET", "chatty") == {"on": False}
    assert program.control("POST", "chatty", on=True, every_seconds=[0.01, 0.02]) == {"on": True}
    deadline = time.monotonic() + 5
    while len(written()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert program.control("POST", "chatty", on=False, every_seconds=[20, 60]) == {"on": False}
    quiet = written()
    assert brand["brand"]
    assert written() == quiet
