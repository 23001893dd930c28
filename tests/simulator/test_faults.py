"""What goes wrong with a call of the API when somebody asks for it."""

from __future__ import annotations

import re
import signal
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulator.program import Faults, Json, Program
from x_simulator.faults.kinds import KINDS
from x_simulator.faults.rules import Faults as Rules
from x_simulator.faults.rules import Rule
from x_simulator.store import Store

pytestmark = pytest.mark.usefixtures("no_quotas")
SEND = "POST /2/dm_conversations/with/{participant_id}/messages"
GIVES_UP_AFTER = 0.5


@pytest.fixture
def brand(program: Program) -> Json:
    return program.brand()


def send(program: Program, brand: Json, customer: Json, **options: Any) -> httpx.Response:
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    return program.call("POST", path, brand["token"], json={"text": "We are on it"}, **options)


def me(program: Program, brand: Json, **options: Any) -> httpx.Response:
    return program.call("GET", "/2/users/me", brand["token"], **options)


def sent(program: Program, brand: Json) -> list[Json]:
    """What X took from the brand, whatever it answered."""
    dms = program.control("GET", "ledger")["dms"]
    return [dm for dm in dms if dm["sender_id"] == brand["id"]]


def last_call(program: Program) -> Json:
    told: Json = program.control("GET", "calls?limit=1")["calls"][0]
    return told


# Refusals


def test_too_many_requests_with_its_reset_ahead(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("too_many_requests", seconds=60)
    refused = me(program, brand)
    assert refused.status_code == 429
    assert refused.headers["x-rate-limit-limit"] == "75"
    assert refused.headers["x-rate-limit-remaining"] == "0"
    assert 50 < int(refused.headers["x-rate-limit-reset"]) - time.time() <= 61
    assert program.call("GET", "/2/users/me", "nobody's").status_code == 401


def test_too_many_requests_with_a_reset_that_is_past(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("too_many_requests", reset="past", seconds=60)
    assert int(me(program, brand).headers["x-rate-limit-reset"]) < time.time() - 50


def test_too_many_requests_without_a_word_of_when(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("too_many_requests", reset="missing")
    refused = me(program, brand)
    assert refused.status_code == 429
    assert not [name for name in refused.headers if name.startswith("x-rate-limit")]


def test_server_errors_are_x_s_or_those_of_what_stands_before_it(
    program: Program, faults: Faults, brand: Json
) -> None:
    for status in (500, 502, 503):
        faults.set("server_error", status=status, times=1)
    xs, gateway, outage = (me(program, brand) for _ in range(3))
    assert (xs.status_code, xs.json()["title"]) == (500, "Internal Server Error")
    assert (gateway.status_code, gateway.headers["content-type"]) == (
        502,
        "text/html; charset=utf-8",
    )
    assert (outage.status_code, outage.text) == (503, "Service Unavailable")
    assert me(program, brand).status_code == 200


def test_spent_credits_refuse_everything(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("credits_depleted")
    refused = me(program, brand)
    assert refused.status_code == 402
    assert refused.json() == {
        "title": "Payment Required",
        "status": 402,
        "detail": "credits depleted",
        "type": "https://api.x.com/2/problems/credits-depleted",
    }
    assert program.call("GET", "/2/users/me", "nobody's").status_code == 401


def test_a_token_is_taken_back_in_the_middle(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("token_revoked", brand=brand["username"], after=2)
    assert [me(program, brand).status_code for _ in range(4)] == [200, 200, 401, 401]
    faults.clear()
    assert me(program, brand).status_code == 401


# Connections


def test_a_cut_before_the_write_leaves_nothing(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("cut", when="before", endpoint=SEND)
    with pytest.raises(httpx.ReadError):
        send(program, brand, program.person())
    assert sent(program, brand) == []
    assert (last_call(program)["status"], last_call(program)["fault"]) == (0, "cut")


def test_a_cut_after_the_write_leaves_it_written(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("cut", when="after", endpoint=SEND)
    with pytest.raises(httpx.ReadError):
        send(program, brand, program.person())
    assert len(sent(program, brand)) == 1
    assert (last_call(program)["status"], last_call(program)["fault"]) == (201, "cut")


def test_a_connection_can_be_closed_instead_of_reset(
    program: Program, faults: Faults, brand: Json
) -> None:
    faults.set("cut", how="closed")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        me(program, brand)


def test_a_cut_midway_leaves_half_an_answer(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("cut", when="midway", how="closed")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed") as broken:
        me(program, brand)
    received, expected = (int(number) for number in re.findall(r"\d+", str(broken.value)))
    assert 0 < received == expected // 2
    assert last_call(program)["status"] == 200


def test_a_stream_can_be_cut_in_the_middle_of_a_line(
    program: Program, faults: Faults, brand: Json
) -> None:
    path = "/2/activity/stream"
    subscription = {"event_type": "dm.received", "filter": {"user_id": brand["id"]}}
    program.call("POST", "/2/activity/subscriptions", brand["token"], json=subscription)
    faults.set("cut", when="midway", how="closed", endpoint=f"GET {path}")
    headers = {"authorization": f"Bearer {program.bearer()}"}
    with httpx.stream("GET", f"{program.url}{path}", headers=headers, trust_env=False) as stream:
        program.dm(program.person(), brand)
        pieces = stream.iter_raw()
        half = next(pieces)
        with pytest.raises(httpx.RemoteProtocolError):
            next(pieces)
    assert half.startswith(b'{"data":{')
    assert not half.endswith(b"\r\n")
    assert program.open_streams() == set()


def test_accepted_and_then_never_answered(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("accept_then_drop", endpoint=SEND)
    with pytest.raises(httpx.ReadTimeout):
        send(program, brand, program.person(), timeout=GIVES_UP_AFTER)
    assert len(sent(program, brand)) == 1
    assert (last_call(program)["status"], last_call(program)["fault"]) == (201, "accept_then_drop")


def test_never_answered_and_never_looked_at(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("never_answers", endpoint=SEND)
    with pytest.raises(httpx.ReadTimeout):
        send(program, brand, program.person(), timeout=GIVES_UP_AFTER)
    assert sent(program, brand) == []


def test_a_silence_ends_after_its_time(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("never_answers", seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        me(program, brand)


def test_clearing_lets_go_of_whoever_is_held(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("never_answers")
    ended: list[Exception] = []

    def call() -> None:
        try:
            me(program, brand, timeout=200)
        except httpx.HTTPError as error:
            ended.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    deadline = time.monotonic() + 60
    while faults.all()[0]["struck"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    faults.clear()
    caller.join(60)
    assert isinstance(ended[0], httpx.RemoteProtocolError)
    assert me(program, brand).status_code == 200


def test_a_slow_answer_drips(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("slow", bytes_per_second=200)
    begun = time.monotonic()
    answer = me(program, brand)
    assert answer.status_code == 200
    assert answer.json()["data"]["id"] == brand["id"]
    assert time.monotonic() - begun >= len(answer.content) / 200 * 0.9


def test_a_late_answer_is_whole(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("late", seconds=[0.2, 0.3])
    begun = time.monotonic()
    assert send(program, brand, program.person()).status_code == 201
    assert time.monotonic() - begun >= 0.2


def test_a_renewal_can_be_accepted_and_never_answered(
    program: Program, faults: Faults, brand: Json
) -> None:
    pair = program.control("POST", "tokens", user_id=brand["id"])
    faults.set("cut", endpoint="POST /2/oauth2/token", times=1)
    renewal = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
    with pytest.raises(httpx.ReadError):
        program.trade(**renewal)
    spent = program.trade(**renewal)
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_request")


# Clocks


def test_what_was_just_said_is_not_found_yet(program: Program, faults: Faults, brand: Json) -> None:
    customer, bearer = program.person(), program.bearer()
    program.dm(customer, brand)
    post_id = program.post(brand, "News about wombats")
    program.post(customer, f"@{brand['username']} which ones?", in_reply_to_post_id=post_id)
    lists = [
        ("/2/dm_events", brand["token"], {}),
        (f"/2/dm_conversations/with/{customer['id']}/dm_events", brand["token"], {}),
        (f"/2/users/{brand['id']}/tweets", bearer, {}),
        (f"/2/users/{brand['id']}/mentions", bearer, {}),
        ("/2/tweets/search/recent", bearer, {"query": f"conversation_id:{post_id}"}),
    ]

    def found() -> list[int]:
        return [
            program.get(path, token, **params)["meta"]["result_count"]
            for path, token, params in lists
        ]

    faults.set("lookup_lag", seconds=3_600)
    assert found() == [0, 0, 0, 0, 0]
    assert program.get(f"/2/tweets/{post_id}", bearer)["data"]["id"] == post_id
    faults.clear()
    assert found() == [1, 1, 1, 1, 2]


def test_a_lag_ends(program: Program, faults: Faults, brand: Json) -> None:
    faults.set("lookup_lag", seconds=0.4)
    program.dm(program.person(), brand)
    deadline = time.monotonic() + 60
    while program.get("/2/dm_events", brand["token"])["meta"]["result_count"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("skew", [600, -600])
def test_x_s_clock_is_off(program: Program, faults: Faults, brand: Json, skew: int) -> None:
    right = me(program, brand).headers
    faults.set("clock_skew", seconds=skew)
    wrong = me(program, brand).headers
    dates = [parsedate_to_datetime(headers["date"]) for headers in (right, wrong)]
    resets = [int(headers["x-rate-limit-reset"]) for headers in (right, wrong)]
    assert abs((dates[1] - dates[0]).total_seconds() - skew) < 20
    assert abs(resets[1] - resets[0] - skew) < 20


# Whom and how often


def statuses(program: Program, brand: Json, number: int = 30) -> list[int]:
    return [me(program, brand).status_code for _ in range(number)]


def test_the_same_seed_makes_the_same_faults(program: Program, faults: Faults, brand: Json) -> None:
    told = []
    for seed in (7, 7, 8):
        faults.set("server_error", share=0.4, seed=seed)
        told.append(statuses(program, brand))
        faults.clear()
    assert told[0] == told[1] != told[2]
    assert 2 < told[0].count(503) < 25


def test_it_strikes_the_next_few_and_counts(program: Program, faults: Faults, brand: Json) -> None:
    rule = faults.set("server_error", after=1, times=2)
    assert statuses(program, brand, 5) == [200, 503, 503, 200, 200]
    (told,) = faults.all()
    assert (told["id"], told["seen"], told["struck"]) == (rule["id"], 3, 2)


def test_it_strikes_one_brand_or_one_endpoint(
    program: Program, faults: Faults, brand: Json
) -> None:
    other = program.brand()
    faults.set("server_error", brand=brand["id"], endpoint=["POST *", "GET /2/users/*"])
    assert me(program, brand).status_code == 503
    assert send(program, brand, other).status_code == 503
    assert program.call("GET", "/2/dm_events", brand["token"]).status_code == 200
    assert me(program, other).status_code == 200


def test_one_is_taken_back_by_its_id(program: Program, faults: Faults) -> None:
    first, second = faults.set("late"), faults.set("slow")
    assert program.control("DELETE", f"faults?id={first['id']}") == {"cleared": 1}
    assert [one["id"] for one in faults.all()] == [second["id"]]
    again = program.http.delete(f"{program.url}/_sim/faults?id={first['id']}")
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"fault": "gremlins"}, "fault must be one of"),
        ({"fault": "cut", "when": "never"}, "when must be one of after, before, midway"),
        ({"fault": "late", "seconds": [3, 2]}, "seconds must be a number"),
        ({"fault": "late", "seconds": True}, "seconds must be a number"),
        ({"fault": "slow", "seconds": 3}, "slow knows no seconds"),
        ({"fault": "cut", "endpoint": "POST /1.1/statuses"}, "fits none of"),
        ({"fault": "delivery_lost", "event_type": "dm.sung"}, "fits none of"),
        ({"fault": "cut", "brand": "nobody_at_all"}, "is not a known user"),
        ({"fault": "webhook_dead", "brand": "x"}, "the webhook is one"),
        ({"fault": "cut", "share": 2}, "share must be a number"),
    ],
)
def test_it_says_what_cannot_be_set(program: Program, rule: Json, named: str) -> None:
    answer = program.http.post(f"{program.url}/_sim/faults", json=rule)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_what_is_not_asked_of_a_fault_is_as_usual(program: Program, faults: Faults) -> None:
    for kind in KINDS.values():
        told = faults.set(kind.name)
        assert {name: told[name] for name in kind.options} == {
            name: option.default for name, option in kind.options.items()
        }


def test_rules_and_their_counts_outlive_the_program(tmp_path: Path) -> None:
    path = tmp_path / "x_simulator.sqlite3"
    rule = Rule(KINDS["cut"], {"when": "after", "how": "reset"}, share=0.5, seed="9", times=9)
    straight = Rules(Store(tmp_path / "other.sqlite3"))
    straight.set(Rule(rule.kind, rule.options, share=0.5, seed="9", times=9))
    expected = [len(straight.strikes("call", "GET /2/users/me", 1)) for _ in range(20)]

    Rules(Store(path)).set(rule)
    told = []
    for _ in range(20):
        store = Store(path)
        told.append(len(Rules(store).strikes("call", "GET /2/users/me", 1)))
        store.close()
    assert told == expected
    assert 0 < sum(told) < 20


def test_it_ends_well_while_a_call_is_held(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.start()
    program.control("POST", "faults", fault="never_answers")
    with pytest.raises(httpx.ReadTimeout):
        program.call("GET", "/2/users/me", timeout=GIVES_UP_AFTER)
    held = threading.Thread(target=hang, args=(program,))
    held.start()
    deadline = time.monotonic() + 60
    while program.control("GET", "faults")["faults"][0]["struck"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert program.end(signal.SIGTERM) == 0  # which waits ten seconds at most
    held.join(60)


def hang(program: Program) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{program.url}/2/users/me", timeout=200, trust_env=False)
