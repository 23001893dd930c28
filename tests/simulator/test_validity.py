"""Whether a webhook is valid: X challenges it at any time, how it fails decides what follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulator.program import CREDENTIALS, Json, Program
from tests.simulator.receiver import Receiver
from x_simulator.challenges import challenge
from x_simulator.outbound import Outbound
from x_simulator.settings import from_environment
from x_simulator.signatures import HEADERS, Signatures, sign
from x_simulator.store import Store

HOURS_28 = 28 * 3_600.0


@pytest.fixture(autouse=True)
def as_documented(program: Program) -> Iterator[None]:
    yield
    program.control(
        "POST",
        "webhooks",
        check_every_seconds=[1800, 3600],
        within_seconds=10,
        tolerated_seconds=HOURS_28,
        signed_with=["client", "consumer"],
    )


def is_valid(program: Program) -> bool:
    (webhook,) = program.get("/2/webhooks", program.bearer())["data"]
    valid: bool = webhook["valid"]
    return valid


def check(program: Program) -> Json:
    (checked,) = program.control("POST", "webhooks/check")["checked"]
    told: Json = checked
    return told


def answers_with(status: int) -> Callable[[Receiver], None]:
    def spoil(receiver: Receiver) -> None:
        receiver.crc_status = status

    return spoil


def knows_another_secret(receiver: Receiver) -> None:
    receiver.secret = "another secret"


def hangs_up(receiver: Receiver) -> None:
    receiver.hangs_up = True


@pytest.mark.parametrize("spoil", [knows_another_secret, answers_with(302), answers_with(304)])
def test_a_wrong_answer_makes_it_invalid_at_once(
    program: Program, receiver: Receiver, webhook: str, spoil: Callable[[Receiver], None]
) -> None:
    spoil(receiver)
    assert check(program)["verdict"] == "wrong"
    assert not is_valid(program)


@pytest.mark.parametrize("spoil", [answers_with(404), answers_with(503), hangs_up])
def test_no_clear_answer_is_tolerated_for_28_hours(
    program: Program, receiver: Receiver, webhook: str, spoil: Callable[[Receiver], None]
) -> None:
    spoil(receiver)
    assert (check(program)["verdict"], is_valid(program)) == ("unheard", True)
    passed_ms = (time.time() - HOURS_28) * 1_000
    last_passed = "UPDATE webhooks SET validated_ms = ?"
    program.pretend(last_passed, (int(passed_ms + 60_000),))
    check(program)
    assert is_valid(program)
    program.pretend(last_passed, (int(passed_ms - 1_000),))
    check(program)
    assert not is_valid(program)


def test_a_good_answer_begins_the_28_hours_anew(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    program.pretend("UPDATE webhooks SET validated_ms = 1")
    assert check(program)["verdict"] == "passed"
    receiver.crc_status = 500
    check(program)
    assert is_valid(program)


def test_the_tolerance_can_be_set(program: Program, receiver: Receiver, webhook: str) -> None:
    program.control("POST", "webhooks", tolerated_seconds=0)
    receiver.crc_status = 500
    check(program)
    assert not is_valid(program)


def test_a_slow_answer_is_none(program: Program, receiver: Receiver, webhook: str) -> None:
    program.control("POST", "webhooks", within_seconds=0.1)
    receiver.crc_awake.clear()
    told = check(program)
    assert told["verdict"] == "unheard"
    assert "Timeout" in told["reason"]


def signatures(folder: Path) -> Signatures:
    settings = from_environment(CREDENTIALS, data_dir=folder, callback_urls=())
    return Signatures(Store(folder / "sim.sqlite3"), settings)


def test_where_tls_should_be_and_is_not_the_answer_is_wrong(
    receiver: Receiver, tmp_path: Path
) -> None:
    """A plain server where https is spoken: the handshake fails."""
    outbound = Outbound()
    url = receiver.url.replace("http://", "https://")
    outcome = asyncio.run(challenge(outbound, url, signatures(tmp_path), within_s=5))
    outbound.close()
    assert outcome.verdict == "wrong"


def test_an_invalid_one_hears_nothing_until_the_app_asks(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand, bearer = program.brand(), program.bearer()
    program.subscribe(brand, "dm.received", webhook)
    right, receiver.secret = receiver.secret, "another secret"
    check(program)
    receiver.secret = right
    lost = program.dm(program.person(), brand)
    asked = receiver.challenges
    assert program.control("POST", "webhooks/check") == {"checked": []}
    assert program.call("PUT", f"/2/webhooks/{webhook}", bearer).json() == {"data": {"valid": True}}
    assert receiver.challenges == asked + 1
    heard = program.dm(program.person(), brand)
    (body,) = receiver.wait_for(1)
    assert body["data"]["payload"]["direct_message_events"][0]["id"] == heard
    ledger = program.control("GET", "deliveries?limit=20")["deliveries"]
    (told,) = [one for one in ledger if one["subject_id"] == lost]
    assert (told["state"], told["reason"]) == ("failed", "the webhook is not valid")


def test_asking_again_without_a_clear_answer_changes_nothing(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    receiver.crc_status = 503
    refused = program.call("PUT", f"/2/webhooks/{webhook}", program.bearer())
    assert refused.status_code == 400
    assert "CrcValidationFailed" in refused.json()["errors"][0]["message"]
    assert is_valid(program)


def test_a_delivery_that_takes_too_long_has_failed(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook)
    program.control("POST", "webhooks", within_seconds=0.1)
    receiver.awake.clear()
    dm_id = program.dm(program.person(), brand, deliver=False)
    told = program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}])
    assert (told["delivered"], told["failed"]) == (0, 1)
    ledger = program.control("GET", "deliveries?limit=1")["deliveries"]
    assert "Timeout" in ledger[0]["reason"]
    assert is_valid(program)


def test_it_is_challenged_at_times_of_xs_choosing(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    told = program.control("POST", "webhooks", check_every_seconds=[0.01, 0.02], seed=7)
    assert (told["check_every_seconds"], told["seed"]) == ([0.01, 0.02], 7)
    receiver.wait_for_challenges(4)
    receiver.secret = "another secret"
    deadline = time.monotonic() + 60
    while is_valid(program):
        assert time.monotonic() < deadline, "it was not challenged again"
        time.sleep(0.01)


def test_pauses_must_be_pauses(program: Program) -> None:
    answer = program.http.post(f"{program.url}/_sim/webhooks", json={"check_every_seconds": [5, 1]})
    assert answer.status_code == 400
    assert "check_every_seconds" in answer.json()["error"]


def test_deliveries_are_signed_with_both_secrets(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook)
    program.dm(program.person(), brand)
    receiver.wait_for(1)
    raw, headers = receiver.raw[0]
    assert headers[HEADERS["consumer"]] == sign(CREDENTIALS["X_CONSUMER_SECRET"], raw)
    assert headers[HEADERS["client"]] == sign(CREDENTIALS["X_CLIENT_SECRET"], raw)


def test_a_challenge_may_be_answered_with_either_secret(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    receiver.secret = CREDENTIALS["X_CLIENT_SECRET"]
    assert check(program)["verdict"] == "passed"
    receiver.secret = CREDENTIALS["X_CONSUMER_SECRET"]
    assert check(program)["verdict"] == "passed"
    told = program.control("POST", "webhooks", signed_with=["client"])
    assert told["signed_with"] == ["client"]
    assert check(program)["verdict"] == "wrong"


def test_an_app_without_a_consumer_secret_gets_the_newer_signature_alone(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook)
    program.control("POST", "webhooks", signed_with=["client"])
    receiver.header, receiver.secret = HEADERS["client"], CREDENTIALS["X_CLIENT_SECRET"]
    program.dm(program.person(), brand)
    receiver.wait_for(1)
    assert HEADERS["consumer"] not in receiver.raw[0][1]
