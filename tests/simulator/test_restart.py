"""Everything is still there after kill -9, and what was on its way goes out."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.simulator.program import CREDENTIALS, Program
from tests.simulator.receiver import Receiver


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
    fragile.wait_until_noted()
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


def test_it_ends_well_while_a_stream_is_read(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.start()
    bearer = {"authorization": f"Bearer {program.bearer()}"}
    url = f"{program.url}/2/activity/stream"
    with program.http.stream("GET", url, headers=bearer) as stream:
        assert stream.is_success
        assert program.end() == 0
        assert "OperationalDisconnect" in next(stream.iter_lines())


def test_a_stream_does_not_outlive_the_program_but_what_it_missed_does(fragile: Program) -> None:
    brand, path = fragile.brand(), "/2/activity/stream"
    body = {"event_type": "post.create", "filter": {"user_id": brand["id"]}}
    bearer = fragile.bearer()
    assert fragile.call("POST", "/2/activity/subscriptions", bearer, json=body).is_success
    url, headers = f"{fragile.url}{path}", {"authorization": f"Bearer {bearer}"}
    with fragile.http.stream("GET", url, headers=headers):
        assert len(fragile.open_streams()) == 1
        fragile.end(signal.SIGKILL)
    fragile.start()
    asked = {"status": "all", "connection.fields": "disconnect_reason"}
    (lost,) = fragile.get("/2/connections", bearer, **asked)["data"]
    assert lost["disconnect_reason"] == "UpstreamUncleanDisconnect"
    post_id = fragile.post(brand, "while nobody listens")
    fragile.end(signal.SIGKILL)
    fragile.start()
    with fragile.listen(path, bearer, backfill_minutes=1) as stream:
        assert stream.line()["data"]["payload"]["id"] == post_id


def test_it_says_which_credentials_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.setitem(CREDENTIALS, name, "")
    with pytest.raises(AssertionError, match="X_CONSUMER_KEY, X_CONSUMER_SECRET"):
        Program(tmp_path).start()


def test_a_folder_has_one_simulator_at_a_time(fragile: Program) -> None:
    beside = fragile.folder / "beside"
    beside.mkdir()
    (beside / "data").symlink_to(fragile.folder / "data")
    with pytest.raises(AssertionError, match="data is in use by another simulator"):
        Program(beside).start()
    fragile.end(signal.SIGKILL)
    fragile.start()


def test_it_says_where_it_cannot_keep_its_state(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(AssertionError, match="cannot keep its state in"):
        Program(tmp_path).start()
