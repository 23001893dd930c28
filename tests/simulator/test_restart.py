"""Everything is still there after kill -9, and what was on its way goes out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.program import CREDENTIALS, Program
from tests.simulator.receiver import Receiver


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Program]:
    """A simulator of this test's own."""
    program = Program(tmp_path)
    program.start()
    yield program
    program.end(signal.SIGKILL)


def test_it_goes_on_where_it_was_killed(fragile: Program, receiver: Receiver) -> None:
    brand, customer = fragile.brand(), fragile.person()
    pair = fragile.redeem(fragile.decide(brand)["code"]).json()
    url = {"url": receiver.url}
    webhook = fragile.call("POST", "/2/webhooks", fragile.bearer(), json=url).json()["data"]["id"]
    fragile.subscribe(brand, "dm.received", webhook)
    before = fragile.dm(customer, brand, "before")
    receiver.wait_for(1)
    remaining = fragile.call("GET", "/2/dm_events", brand["token"]).headers[
        "x-rate-limit-remaining"
    ]
    fragile.pretend("UPDATE deliveries SET state = 'pending', done_ms = NULL")

    fragile.end(signal.SIGKILL)
    fragile.start()

    assert [body["data"]["event_uuid"] for body in receiver.wait_for(2)] == [
        receiver.bodies[0]["data"]["event_uuid"]
    ] * 2
    answer = fragile.call("GET", "/2/dm_events", brand["token"])
    assert [event["id"] for event in answer.json()["data"]] == [before]
    assert int(answer.headers["x-rate-limit-remaining"]) == int(remaining) - 1
    refreshed = fragile.trade(grant_type="refresh_token", refresh_token=pair["refresh_token"])
    assert refreshed.status_code == 200
    after = fragile.dm(customer, brand, "after")
    assert int(after) > int(before)
    assert len(receiver.wait_for(3)) == 3


def test_it_ends_well_while_a_page_listens(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.start()
    with program.http.stream("GET", f"{program.url}/page/changes") as stream:
        assert next(stream.iter_lines()) == "retry: 1000"
        assert program.end() == 0


def test_it_says_which_credentials_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.setitem(CREDENTIALS, name, "")
    with pytest.raises(AssertionError, match="X_CONSUMER_KEY, X_CONSUMER_SECRET"):
        Program(tmp_path).start()
