"""What the simulator can swear to, line by line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.simulator.program import Faults, Json, Program
from tests.simulator.receiver import Receiver
from x_simulator.ledger import Ledger
from x_simulator.store import Store


def lines(program: Program, kinds: str = "") -> list[Json]:
    query = f"?kind={kinds}" if kinds else ""
    answer = program.http.get(f"{program.url}/_sim/ledger.jsonl{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def about(told: list[Json], subject_id: str) -> list[Json]:
    return [one for one in told if subject_id in (one.get("id"), one.get("subject_id"))]


def test_an_accepted_write_says_who_called_when_and_what_came_of_it(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    sent = program.call("POST", path, brand["token"], json={"text": "Hello"}).json()["data"]
    message, write = about(lines(program), sent["dm_event_id"])
    at = datetime.fromisoformat(write.pop("at"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert write == {
        "kind": "write",
        "method": "POST",
        "path": path,
        "status": 201,
        "user_id": brand["id"],
        "fault": "",
        "subject_id": sent["dm_event_id"],
    }
    assert (message["kind"], message["source"], message["text"]) == ("dm", "api", "Hello")


def test_every_kind_of_write_names_its_subject(program: Program, webhook: str) -> None:
    brand, customer = program.brand(), program.person()
    token = program.token(brand, "tweet.read tweet.write tweet.moderate.write users.read dm.write")
    told = program.call("POST", "/2/tweets", token, json={"text": f"News for {brand['id']}"})
    post_id = told.json()["data"]["id"]
    answer_id = program.post(customer, "Really?", in_reply_to_post_id=post_id)
    program.call("PUT", f"/2/tweets/{answer_id}/hidden", token, json={"hidden": True})
    program.call("DELETE", f"/2/tweets/{post_id}", token)
    program.call("POST", f"/2/users/{customer['id']}/dm/block", token)
    subscribed = program.subscribe(brand, "dm.received", webhook)
    subscription = subscribed["data"]["subscription"]["subscription_id"]
    mine = [one for one in lines(program, "write") if one["user_id"] == brand["id"]]
    assert [(one["method"], one["subject_id"]) for one in mine] == [
        ("POST", post_id),
        ("PUT", answer_id),
        ("DELETE", post_id),
        ("POST", customer["id"]),
        ("POST", subscription),
    ]
    gone, answered = (about(lines(program, "post"), one)[0] for one in (post_id, answer_id))
    assert gone["deleted_at"] is not None
    assert (answered["hidden"], answered["deleted_at"]) == (True, None)


def test_a_refused_or_cut_write_is_no_accepted_one(program: Program, faults: Faults) -> None:
    brand = program.brand()
    faults.set("cut", when="before", brand=brand["id"], times=1)
    with pytest.raises(httpx.ReadError):
        program.call("POST", "/2/tweets", brand["token"], json={"text": "Cut"})
    program.call("POST", "/2/tweets", brand["token"], json={"text": ""})
    program.call("GET", "/2/users/me", brand["token"])
    told = [one for one in lines(program, "write,call") if one["user_id"] == brand["id"]]
    assert [(one["kind"], one["status"], one["fault"]) for one in told] == [
        ("call", 0, "cut"),
        ("call", 400, ""),
        ("call", 200, ""),
    ]


def test_every_delivery_attempt_is_a_line(
    program: Program, receiver: Receiver, webhook: str, faults: Faults
) -> None:
    brand, customer = program.brand(), program.person()
    program.subscribe(brand, "dm.received", webhook)
    faults.set("delivery_repeated", times=1)
    dm_id = program.dm(customer, brand)
    while any(one["done_at"] is None for one in about(lines(program, "delivery"), dm_id)):
        receiver.wait_for(2)
    program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}])
    receiver.status = 503
    program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}])
    told = about(lines(program, "delivery"), dm_id)
    assert [(one["attempt"], one["state"], one["reason"], one["fault"]) for one in told] == [
        (1, "delivered", "", "delivery_repeated"),
        (2, "delivered", "", "delivery_repeated"),
        (3, "delivered", "", ""),
        (4, "failed", "status 503", ""),
    ]
    assert {(one["event_type"], one["user_id"]) for one in told} == {("dm.received", brand["id"])}


def test_it_tells_everything_as_it_was_when_it_was_asked(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    before = program.dm(customer, brand, "before")
    with program.http.stream("GET", f"{program.url}/_sim/ledger.jsonl") as answer:
        told = answer.iter_lines()
        first = json.loads(next(told))
        after = program.dm(customer, brand, "after")
        rest = [json.loads(line) for line in told]
    assert first["kind"] == "dm"
    ids = {one["id"] for one in (first, *rest) if one["kind"] == "dm"}
    assert before in ids
    assert after not in ids
    kinds = [one["kind"] for one in (first, *rest)]
    order = ["dm", "post", "chat", "write", "delivery", "call"]
    assert kinds == sorted(kinds, key=order.index)


def test_it_says_which_kinds_there_are(program: Program) -> None:
    answer = program.http.get(f"{program.url}/_sim/ledger.jsonl?kind=dm,gossip")
    assert answer.status_code == 400
    assert "kind [gossip] is not one of dm, post, chat, write" in answer.json()["error"]


def test_accepted_writes_are_kept_when_other_calls_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("x_simulator.ledger.KEPT_CALLS", 100)
    ledger = Ledger(Store(tmp_path / "x_simulator.sqlite3"))
    ledger.record_call("POST", "/2/tweets", 201, 1, subject_id=7)
    for _ in range(1_999):
        ledger.record_call("GET", "/2/users/me", 200, 1)
    methods = [one["method"] for one in ledger.calls(1_000)]
    assert methods == ["POST"] + ["GET"] * 100
