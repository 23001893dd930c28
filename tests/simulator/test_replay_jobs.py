"""Replay jobs: what was announced within a span comes again, and then a word that it did."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.simulator.driving.webhooks import minute
from tests.simulator.program import CREDENTIALS, Json, Program
from tests.simulator.receiver import Receiver

PATH = "/2/webhooks/replay"


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook, tag="acct:1")
    return brand


def ask(program: Program, webhook: str, *, minutes: int = 5) -> Json:
    """For the last minutes, this one included."""
    now = datetime.now(UTC)
    span = {"from_date": minute(now - timedelta(minutes=minutes)), "to_date": minute(now)}
    answer = program.call("POST", PATH, program.bearer(), json={"webhook_id": webhook, **span})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()["data"]
    return told


def uuids(bodies: list[Json]) -> list[str]:
    return [body["data"]["event_uuid"] for body in bodies]


def test_what_came_comes_again_and_then_a_word(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    customer = program.person()
    for number in range(3):
        program.dm(customer, brand, f"number {number}")
    first = receiver.wait_for(3)
    job = ask(program, webhook)
    *again, word = receiver.wait_for(7)[3:]
    assert again == [{**body, "meta": {"replay": True}} for body in first]
    assert word == {
        "replay_job_status": {
            "webhook_id": webhook,
            "job_state": "Complete",
            "job_state_description": "Job completed successfully",
            "job_id": job["job_id"],
        }
    }
    told = program.control("GET", "webhooks/replays")["replays"][-1]
    assert (told["id"], told["state"], told["delivered"]) == (job["job_id"], "complete", 3)
    ledger = program.control("GET", "deliveries?limit=20")["deliveries"]
    attempts = [one["attempt"] for one in ledger if one["replay_job_id"] == job["job_id"]]
    assert attempts == [2, 2, 2]


def test_what_was_lost_or_made_while_it_was_invalid_comes_too(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    customer = program.person()
    receiver.status = 503
    refused = program.dm(customer, brand, "refused")
    receiver.wait_for(1)
    receiver.status = 200
    right, receiver.secret = receiver.secret, "another secret"
    program.control("POST", "webhooks/check")
    receiver.secret = right
    unheard = program.dm(customer, brand, "while invalid")
    program.call("PUT", f"/2/webhooks/{webhook}", program.bearer())
    ask(program, webhook)
    again = receiver.wait_for(4)[1:3]
    events = [body["data"]["payload"]["direct_message_events"][0] for body in again]
    assert [event["id"] for event in events] == [refused, unheard]


def test_the_same_event_comes_once_however_often_it_was_sent(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    dm_id = program.dm(program.person(), brand, deliver=False)
    program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}], repeat=3)
    ask(program, webhook)
    *again, word = receiver.wait_for(5)[3:]
    assert (len(again), "replay_job_status" in word) == (1, True)


def test_only_the_span_that_was_asked_for(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    """Both minutes are part of it, to their last millisecond."""
    customer, now = program.person(), datetime.now(UTC).replace(second=0, microsecond=0)
    since, until = now - timedelta(minutes=20), now - timedelta(minutes=10)
    first, last = since.timestamp() * 1_000, (until.timestamp() + 60) * 1_000 - 1
    ids = [program.dm(customer, brand) for _ in range(4)]
    sent = receiver.wait_for(4)
    for dm_id, queued_ms in zip(ids, (first - 1, first, last, last + 1), strict=True):
        moved = "UPDATE deliveries SET queued_ms = ? WHERE subject_id = ?"
        program.pretend(moved, (int(queued_ms), int(dm_id)))
    span = {"from_date": minute(since), "to_date": minute(until)}
    program.call("POST", PATH, program.bearer(), json={"webhook_id": webhook, **span})
    assert uuids(receiver.wait_for(7)[4:6]) == uuids(sent[1:3])


def test_a_job_that_could_not_deliver_all_says_so(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    program.dm(program.person(), brand)
    receiver.wait_for(1)
    receiver.status = 500
    ask(program, webhook)
    (_, word) = receiver.wait_for(3)[1:]
    assert word["replay_job_status"]["job_state"] == "Incomplete"
    told = program.control("GET", "webhooks/replays")["replays"][-1]
    assert (told["state"], told["failed"]) == ("incomplete", 1)


def test_a_span_without_events_is_done_at_once(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    ask(program, webhook)
    (word,) = receiver.wait_for(1)
    assert word["replay_job_status"]["job_state"] == "Complete"


def test_replays_are_not_replayed(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    program.dm(program.person(), brand)
    receiver.wait_for(1)
    for number in (1, 2):
        ask(program, webhook)
        receiver.wait_for(1 + 2 * number)
    assert len(receiver.bodies) == 5


def test_a_job_that_was_under_way_goes_on_after_a_crash(
    fragile: Program, receiver: Receiver
) -> None:
    assert receiver.secret == CREDENTIALS["X_CONSUMER_SECRET"]
    url = {"url": receiver.url}
    webhook = fragile.call("POST", "/2/webhooks", fragile.bearer(), json=url).json()["data"]["id"]
    brand = fragile.brand()
    fragile.subscribe(brand, "dm.received", webhook)
    fragile.dm(fragile.person(), brand)
    receiver.wait_for(1)
    receiver.awake.clear()
    job = ask(fragile, webhook)
    receiver.wait_for(2)
    fragile.end(signal.SIGKILL)
    receiver.awake.set()
    fragile.start()
    word = receiver.wait_for(4)[-1]
    assert word["replay_job_status"]["job_id"] == job["job_id"]
