"""Groups of direct messages: opening one, writing there, who comes and goes; and shared posts."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver

FIELDS = {
    "dm_event.fields": "id,text,event_type,dm_conversation_id,sender_id,participant_ids",
    "expansions": "sender_id,participant_ids",
}


def open_group(program: Program, brand: Json, *people: Json, text: str = "Hi") -> httpx.Response:
    asked = {"conversation_type": "Group", "message": {"text": text}}
    asked["participant_ids"] = [person["id"] for person in people]
    return program.call("POST", "/2/dm_conversations", brand["token"], json=asked)


@pytest.fixture
def group(program: Program) -> Json:
    """With three in it, under "id"; their tokens are theirs."""
    brand, one, other = program.brand(), program.person(), program.person()
    answer = open_group(program, brand, one, other)
    assert answer.status_code == 201, answer.text
    told = answer.json()["data"]
    return {"id": told["dm_conversation_id"], "brand": brand, "one": one, "other": other}


def events(program: Program, group: Json, token: str) -> list[Json]:
    path = f"/2/dm_conversations/{group['id']}/dm_events"
    told: list[Json] = program.get(path, token, **FIELDS).get("data", [])
    return told


def test_everybody_in_it_reads_what_is_written(program: Program, group: Json) -> None:
    path = f"/2/dm_conversations/{group['id']}/messages"
    token = program.token(group["one"])
    sent = program.call("POST", path, token, json={"text": "And me"}).json()["data"]
    assert sent["dm_conversation_id"] == group["id"]
    assert group["id"].isdigit()
    for reader in (group["brand"]["token"], token, program.token(group["other"])):
        told = [(event["text"], event["sender_id"]) for event in events(program, group, reader)]
        assert told == [("And me", group["one"]["id"]), ("Hi", group["brand"]["id"])]


def test_who_comes_later_is_named_with_who_brought_them(program: Program, group: Json) -> None:
    newcomer = program.person()
    facts = {"group_id": group["id"], "user_id": newcomer["id"]}
    program.control("POST", "groups/join", inviter_id=group["one"]["id"], **facts)
    joined = events(program, group, group["brand"]["token"])[0]
    assert joined == {
        "id": joined["id"],
        "event_type": "ParticipantsJoin",
        "participant_ids": [newcomer["id"]],
        "sender_id": group["one"]["id"],
        "dm_conversation_id": group["id"],
    }
    assert [one["event_type"] for one in events(program, group, program.token(newcomer))] == [
        "ParticipantsJoin"
    ]


def test_who_leaves_is_named_and_hears_no_more(program: Program, group: Json) -> None:
    leaving = group["other"]
    program.control("POST", "groups/leave", group_id=group["id"], user_id=leaving["id"])
    left = events(program, group, group["brand"]["token"])[0]
    assert left == {
        "id": left["id"],
        "event_type": "ParticipantsLeave",
        "participant_ids": [leaving["id"]],
        "dm_conversation_id": group["id"],
    }
    path = f"/2/dm_conversations/{group['id']}/messages"
    answer = program.call("POST", path, program.token(leaving), json={"text": "Wait"})
    assert answer.status_code == 403


def test_one_may_ask_for_some_kinds_of_events(program: Program, group: Json) -> None:
    program.control("POST", "groups/leave", group_id=group["id"], user_id=group["one"]["id"])
    path = f"/2/dm_conversations/{group['id']}/dm_events"

    def kinds(asked: str) -> list[str]:
        told = program.get(path, group["brand"]["token"], event_types=asked)
        return [event["event_type"] for event in told.get("data", [])]

    assert kinds("ParticipantsJoin") == []
    assert kinds("ParticipantsLeave") == ["ParticipantsLeave"]
    assert kinds("MessageCreate,ParticipantsLeave") == ["ParticipantsLeave", "MessageCreate"]


def test_it_is_among_all_messages_of_whoever_is_in_it(program: Program, group: Json) -> None:
    program.dm(group["one"], group["brand"], "between us")
    told = program.get("/2/dm_events", group["brand"]["token"], **FIELDS)
    names = [(event["text"], event["dm_conversation_id"] == group["id"]) for event in told["data"]]
    assert names == [("between us", False), ("Hi", True)]
    people = {person["id"] for person in told["includes"]["users"]}
    assert people == {group["one"]["id"], group["brand"]["id"]}


def test_somebody_who_takes_no_messages_spoils_it(program: Program) -> None:
    brand, closed = program.brand(), program.person(receives_your_dm=False)
    answer = open_group(program, brand, program.person(), closed)
    assert answer.status_code == 403
    assert "data" not in program.get("/2/dm_events", brand["token"])


def test_webhooks_hear_nothing_of_groups(
    program: Program, receiver: Receiver, webhook: str, group: Json
) -> None:
    for event_type in ("dm.received", "dm.sent"):
        program.subscribe(group["brand"], event_type, webhook)
    facts = {"sender_id": group["one"]["id"], "text": "to all"}
    said = program.control("POST", "dms", group_id=group["id"], **facts)["id"]
    alone = program.dm(group["one"], group["brand"], "to you")
    (body,) = receiver.wait_for(1)
    assert body["data"]["payload"]["direct_message_events"][0]["id"] == alone
    assert events(program, group, group["brand"]["token"])[0]["id"] == said


def test_only_who_is_in_it_may_write_and_bring_others(program: Program, group: Json) -> None:
    stranger = program.person()
    said = {"sender_id": stranger["id"], "group_id": group["id"], "text": "hm"}
    assert program.http.post(f"{program.url}/_sim/dms", json=said).status_code == 403
    bring = {"inviter_id": stranger["id"], "group_id": group["id"], "user_id": stranger["id"]}
    assert program.http.post(f"{program.url}/_sim/groups/join", json=bring).status_code == 403


def test_nobody_deletes_that_somebody_came(program: Program, group: Json) -> None:
    facts = {"group_id": group["id"], "user_id": program.person()["id"]}
    brand = group["brand"]
    joined = program.control("POST", "groups/join", inviter_id=brand["id"], **facts)["id"]
    answer = program.call("DELETE", f"/2/dm_events/{joined}", brand["token"])
    assert answer.status_code == 403


# Shared posts


def test_a_post_is_shared_by_its_address(program: Program) -> None:
    brand, customer, author = program.brand(), program.person(), program.person()
    post_id = program.post(author, "Look at this")
    lost = program.post(author, "Look at that")
    words = f"https://x.com/{author['username']}/status/{post_id}"
    dm_id = program.dm(customer, brand, f"Is {words} you? https://x.com/a/status/999")
    gone = program.dm(customer, brand, f"https://twitter.com/a/status/{lost}")
    program.control("POST", "posts/delete", id=lost)
    asked = {"dm_event.fields": "referenced_tweets", "expansions": "referenced_tweets.id"}
    told = program.get(f"/2/dm_events/{dm_id}", brand["token"], **asked)
    assert told["data"]["referenced_tweets"] == [{"id": post_id}]
    assert [post["id"] for post in told["includes"]["tweets"]] == [post_id]
    told = program.get(f"/2/dm_events/{gone}", brand["token"], **asked)
    assert told["data"]["referenced_tweets"] == [{"id": lost}]
    assert told["errors"][0]["resource_id"] == lost


def test_the_post_vocabulary_knows_shared_posts_by_expansion(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    post_id = program.post(customer, "Look at this")
    dm_id = program.dm(customer, brand, f"https://x.com/a/status/{post_id}")
    asked = {"expansions": "referenced_posts", "post.fields": "created_at"}
    told = program.get(f"/2/dm_events/{dm_id}", brand["token"], **asked)
    assert told["data"]["referenced_posts"] == [{"id": post_id}]
    assert told["includes"]["posts"][0]["id"] == post_id
