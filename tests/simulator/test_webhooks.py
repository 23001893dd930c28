"""Registering a webhook: the challenge, the cap, and X's names for what is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.simulator.program import Program
from tests.simulator.receiver import Receiver


def register(program: Program, url: str) -> httpx.Response:
    return program.call("POST", "/2/webhooks", program.bearer(), json={"url": url})


def refusal(answer: httpx.Response) -> str:
    """X's name for why."""
    assert answer.status_code == 400, answer.text
    name: str = answer.json()["errors"][0]["message"].partition(":")[0]
    return name


def test_it_challenges_the_address_during_the_call(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    assert receiver.challenges == 1
    body = program.get("/2/webhooks", program.bearer())
    assert body["meta"] == {"result_count": 1}
    (told,) = body["data"]
    assert told.keys() == {"id", "url", "valid", "created_at"}
    assert (told["id"], told["url"], told["valid"]) == (webhook, receiver.url, True)


def test_there_is_data_even_when_there_is_none(program: Program) -> None:
    body = program.get("/2/webhooks", program.bearer())
    assert body == {"data": [], "meta": {"result_count": 0}}


def test_a_wrong_answer_to_the_challenge_is_refused(program: Program, receiver: Receiver) -> None:
    receiver.secret = "another secret"
    assert refusal(register(program, receiver.url)) == "CrcValidationFailed"
    assert program.get("/2/webhooks", program.bearer())["data"] == []


def test_an_address_where_nobody_answers_is_refused(program: Program, receiver: Receiver) -> None:
    receiver.close()
    assert refusal(register(program, receiver.url)) == "CrcValidationFailed"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://example.com:8443/hook",
        "ftp://example.com/hook",
        "not a url",
        "http://[::1/hook",
        "https://example.com/" + "x" * 200,
    ],
)
def test_only_https_without_a_port_or_this_machine(program: Program, url: str) -> None:
    assert refusal(register(program, url)) == "UrlValidationFailed"


def test_one_webhook_is_the_limit(program: Program, receiver: Receiver, webhook: str) -> None:
    assert refusal(register(program, receiver.url)) == "DuplicateUrlFailed"
    assert refusal(register(program, f"{receiver.url}other/")) == "WebhookLimitExceeded"


def test_of_two_at_once_one_is_registered(program: Program, receiver: Receiver) -> None:
    """While X waits for an answer to one challenge, somebody else comes for the same address."""
    receiver.crc_awake.clear()
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(register, program, receiver.url) for _ in range(2)]
        receiver.wait_for_challenges(2)
        receiver.crc_awake.set()
        answers = sorted((one.result() for one in both), key=lambda one: one.status_code)
    registered, refused = answers
    bearer = program.bearer()
    program.call("DELETE", f"/2/webhooks/{registered.json()['data']['id']}", bearer)
    assert (registered.status_code, refusal(refused)) == (200, "DuplicateUrlFailed")


def test_a_recheck_makes_it_invalid_and_valid_again(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    path, bearer = f"/2/webhooks/{webhook}", program.bearer()
    receiver.secret, right = "another secret", receiver.secret
    assert refusal(program.call("PUT", path, bearer)) == "CrcValidationFailed"
    assert program.get("/2/webhooks", bearer)["data"][0]["valid"] is False
    receiver.secret = right
    assert program.call("PUT", path, bearer).json() == {"data": {"valid": True}}
    assert program.get("/2/webhooks", bearer)["data"][0]["valid"] is True


def test_an_unknown_webhook_is_named(program: Program) -> None:
    for method in ("PUT", "DELETE"):
        answer = program.call(method, "/2/webhooks/123", program.bearer())
        assert refusal(answer) == "WebhookIdInvalid"


def test_deleting_it_deletes_its_subscriptions(program: Program, webhook: str) -> None:
    brand, bearer = program.brand(), program.bearer()
    program.subscribe(brand, "dm.received", webhook)
    answer = program.call("DELETE", f"/2/webhooks/{webhook}", bearer)
    assert answer.json() == {"data": {"deleted": True}}
    left = program.get("/2/activity/subscriptions", bearer).get("data", [])
    assert brand["id"] not in [one["filter"]["user_id"] for one in left]
