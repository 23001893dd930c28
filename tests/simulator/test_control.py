"""The control calls: for this machine only, with errors that name what is wrong."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.simulator.program import Program


def test_another_site_in_the_same_browser_is_kept_out(program: Program) -> None:
    url = f"{program.url}/_sim/quotas"
    rebound = program.http.post(url, json={"lifted": True}, headers={"host": "evil.example.com"})
    assert rebound.status_code == 403
    form = program.http.post(
        url, content=b'{"lifted":true}', headers={"content-type": "text/plain"}
    )
    assert form.status_code == 415
    forwarded = {"x-forwarded-for": "203.0.113.9"}
    assert program.http.get(f"{program.url}/_sim/health", headers=forwarded).status_code == 200
    assert program.control("GET", "quotas")["lifted"] is False


def test_people_are_made_and_changed_by_id_or_username(program: Program) -> None:
    person = program.person("upsert_me", description="first")
    same = program.control("POST", "users", users=[{"username": "Upsert_Me", "name": "New"}])
    assert same["users"][0]["id"] == person["id"]
    assert (same["users"][0]["name"], same["users"][0]["description"]) == ("New", "first")
    renamed = {"id": person["id"], "username": "renamed_one"}
    assert program.control("POST", "users", users=[renamed])["users"][0]["name"] == "New"
    known = program.control("GET", "users")["users"]
    assert [one["id"] for one in known if one["username"] == "renamed_one"] == [person["id"]]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("users", {"users": [{"username": "a space"}]}, "username"),
        ("users", {"users": "all"}, "users"),
        ("tokens", {"user_id": "12"}, "user_id"),
        ("dms", {"sender_id": "1", "recipient_id": "2", "text": "x"}, "sender_id"),
        ("load", {"dms": [{"sender_id": "1", "recipient_id": "2", "text": "x"}]}, "unknown users"),
        ("deliver", {"events": [{"kind": "dm", "id": "5"}]}, "there is no dm"),
        ("deliver", {"events": [], "drop": 2}, "drop"),
        ("quotas", {"lifted": "yes"}, "lifted"),
        ("chatty", {}, "on"),
        ("reply_gate", {"mode": "ajar"}, "mode"),
        ("quotas", {"lift": True}, "/_sim/quotas knows no lift: lifted, refusal, renew"),
        ("users", {"users": [{"username": "typo", "brnad": True}]}, "a user knows no brnad"),
        ("posts", {"author_id": "1", "text": "x", "in_reply_to": "5"}, "in_reply_to_post_id"),
        ("webhooks/check", {"id": "1"}, "it takes nothing"),
    ],
)
def test_it_names_what_is_wrong(
    program: Program, path: str, body: dict[str, Any], named: str
) -> None:
    answer = program.http.post(f"{program.url}/_sim/{path}", json=body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_a_list_knows_its_parameters(program: Program) -> None:
    answer = program.http.get(f"{program.url}/_sim/calls?limt=5")
    assert (answer.status_code, "limit" in answer.json()["error"]) == (400, True)


def test_what_x_does_not_allow_is_refused_here_too(program: Program) -> None:
    customer, closed = program.person(), program.brand(receives_your_dm=False)
    people = {"sender_id": customer["id"], "recipient_id": closed["id"]}
    answer = program.http.post(f"{program.url}/_sim/dms", json={**people, "text": "x"})
    assert answer.status_code == 403


def test_an_id_is_given_once(program: Program) -> None:
    one, other = program.person(), program.person()
    dm_id = program.dm(one, other)
    people = {"sender_id": one["id"], "recipient_id": other["id"], "id": dm_id}
    answer = program.http.post(f"{program.url}/_sim/dms", json={**people, "text": "again"})
    assert answer.status_code == 409


def test_ids_only_grow_and_carry_their_time(program: Program) -> None:
    one, other = program.person(), program.person()
    began_ms = int(time.time() * 1000)
    ids = [int(program.dm(one, other, f"{n}")) for n in range(5)]
    assert ids == sorted(set(ids))
    minted_ms = (ids[-1] >> 22) + 1288834974657
    assert began_ms <= minted_ms <= time.time() * 1000 + 1_000  # ids that grow may be ahead of it
    backdated = program.dm(one, other, "then", created_at="2026-11-01T10:00:00Z")
    told = {dm["id"]: dm["created_at"] for dm in program.control("GET", "ledger")["dms"]}
    assert told[backdated] == "2026-11-01T10:00:00.000Z"
    assert int(backdated) < ids[0]


def test_every_call_is_in_the_ledger(program: Program) -> None:
    brand = program.brand()
    program.call("GET", "/2/users/me?user.fields=name", brand["token"])
    program.call("GET", "/2/dm_events", program.bearer())
    calls = program.control("GET", "calls?limit=3")["calls"]
    told = [(call["method"], call["path"], call["status"], call["user_id"]) for call in calls]
    assert told == [
        ("GET", "/2/users/me", 200, brand["id"]),
        ("POST", "/oauth2/token", 200, None),
        ("GET", "/2/dm_events", 403, None),
    ]


def test_loaded_replies_find_their_conversation_in_any_order(program: Program) -> None:
    author = program.person()
    base = int(author["id"])
    at = "2017-11-01T00:00:00Z"
    root = {"id": str(base + 1), "author_id": author["id"], "text": "root", "created_at": at}
    answer = {"id": str(base + 2), "author_id": author["id"], "text": "reply", "created_at": at}
    answer["in_reply_to_post_id"] = root["id"]
    orphan = {"id": str(base + 3), "author_id": author["id"], "text": "orphan", "created_at": at}
    references = [{"type": "replied_to", "id": "12345"}]
    posts = [orphan | {"referenced_tweets": references, "conversation_id": "12345"}, answer, root]
    assert program.control("POST", "load", posts=posts) == {"dms": 0, "posts": 3}
    told = {post["id"]: post for post in program.control("GET", "ledger")["posts"]}
    assert told[answer["id"]]["conversation_id"] == root["id"]
    assert told[orphan["id"]]["in_reply_to_post_id"] == "12345"


def test_two_thousand_four_hundred_messages_load_in_one_call(program: Program) -> None:
    one, other = program.person(), program.person()
    people = {"sender_id": one["id"], "recipient_id": other["id"]}
    at = "2017-11-01T00:00:00Z"
    dms = [
        {**people, "id": str(800_000_000_000_000_000 + n), "text": f"@x {n}", "created_at": at}
        for n in range(2_400)
    ]
    assert program.control("POST", "load", dms=dms)["dms"] == 2_400
    told = [dm for dm in program.control("GET", "ledger")["dms"] if dm["sender_id"] == one["id"]]
    assert [dm["text"] for dm in told] == [dm["text"] for dm in dms]
