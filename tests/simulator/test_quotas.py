"""How often one may call, and what the headers say about it."""

from __future__ import annotations

import time

from tests.simulator.program import Program


def test_the_headers_count_down(program: Program) -> None:
    token, began = program.brand()["token"], time.time()
    answers = [program.call("GET", "/2/dm_events", token) for _ in range(2)]
    assert [a.headers["x-rate-limit-limit"] for a in answers] == ["15", "15"]
    assert [a.headers["x-rate-limit-remaining"] for a in answers] == ["14", "13"]
    resets_at = int(answers[0].headers["x-rate-limit-reset"])
    assert began + 899 <= resets_at <= time.time() + 901


def test_the_sixteenth_look_is_refused_until_the_window_ends(program: Program) -> None:
    brand = program.brand()
    for _ in range(15):
        assert program.call("GET", "/2/dm_events", brand["token"]).status_code == 200
    refused = program.call("GET", "/2/dm_events", brand["token"])
    assert refused.status_code == 429
    assert refused.headers["x-rate-limit-remaining"] == "0"
    assert refused.json() == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    # Each of the four ways to read has its own fifteen, and so has everyone else.
    assert program.call("GET", "/2/dm_events/123", brand["token"]).status_code == 200
    assert program.call("GET", "/2/dm_events", program.brand()["token"]).status_code == 200
    program.pretend("UPDATE quota_windows SET started_ms = started_ms - 900000")
    assert program.call("GET", "/2/dm_events", brand["token"]).status_code == 200


def test_sending_counts_for_the_person_and_the_app_by_the_day(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    headers = program.call("POST", path, brand["token"], json={"text": "Hi"}).headers
    assert headers["x-user-limit-24hour-limit"] == headers["x-app-limit-24hour-limit"] == "1440"
    assert headers["x-user-limit-24hour-remaining"] == "1439"
    program.pretend(
        "UPDATE quota_windows SET used = 1440 WHERE bucket = 'POST dm' AND holder = 'app'"
    )
    refused = program.call("POST", path, brand["token"], json={"text": "Hi again"})
    assert refused.status_code == 429
    assert refused.headers["x-rate-limit-remaining"] == "14"
    assert refused.headers["x-app-limit-24hour-remaining"] == "0"
    program.pretend("DELETE FROM quota_windows WHERE holder = 'app'")


def test_every_window_begins_anew_when_it_is_told_to(program: Program) -> None:
    brand = program.brand()
    for _ in range(16):
        last = program.call("GET", "/2/dm_events", brand["token"])
    assert last.status_code == 429
    program.control("POST", "quotas", renew=True)
    headers = program.call("GET", "/2/dm_events", brand["token"]).headers
    assert headers["x-rate-limit-remaining"] == "14"


def test_quotas_can_be_lifted_and_restored(program: Program) -> None:
    brand = program.brand()
    for _ in range(16):
        last = program.call("GET", "/2/dm_events", brand["token"])
    assert last.status_code == 429
    assert program.control("POST", "quotas", lifted=True)["lifted"] is True
    free = program.call("GET", "/2/dm_events", brand["token"])
    assert (free.status_code, free.headers["x-rate-limit-remaining"]) == (200, "15")
    assert program.control("POST", "quotas", lifted=False)["lifted"] is False
    assert program.call("GET", "/2/dm_events", brand["token"]).status_code == 429


def test_a_refusal_can_have_the_older_form(program: Program) -> None:
    brand = program.brand()
    assert program.control("POST", "quotas", refusal="older")["refusal"] == "older"
    for _ in range(16):
        last = program.call("GET", "/2/dm_events", brand["token"])
    program.control("POST", "quotas", refusal="problem")
    assert last.status_code == 429
    assert last.json() == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    assert last.headers["x-rate-limit-remaining"] == "0"


def test_all_people_together_have_a_quota_for_blocking(program: Program) -> None:
    customer = program.person()
    path = f"/2/users/{customer['id']}/dm/block"
    brands = [program.brand() for _ in range(4)]
    answers = [program.call("POST", path, brand["token"]) for brand in brands for _ in range(9)]
    assert [answer.status_code for answer in answers] == [200] * 25 + [429] * 11
    assert answers[-1].headers["x-rate-limit-remaining"] == "10"
    program.pretend("DELETE FROM quota_windows WHERE holder = 'app'")
