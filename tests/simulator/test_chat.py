"""Encrypted chat as X carries it: in real envelopes, which nobody here can open."""

from __future__ import annotations

import base64
import re
import struct
from typing import Any

import pytest

from tests.simulator.program import Json, Program, texts
from tests.simulator.receiver import Receiver

EVENTS = ("dm.received", "dm.sent", "chat.received", "chat.sent", "chat.conversation.join")
WORDS = "the words of a customer"
FIELDS = "conversation_id,created_at,encoded_event,id,previous_id,sender_id"


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    brand = program.brand()
    for event_type in EVENTS:
        program.subscribe(brand, event_type, webhook)
    return brand


def decoded(raw: bytes, at: int = 0) -> tuple[dict[int, Any], int]:
    """A Thrift struct by the numbers of its fields, and where it ends."""
    told: dict[int, Any] = {}
    while raw[at]:
        kind, number = struct.unpack_from(">bh", raw, at)
        told[number], at = _value(raw, at + 3, kind)
    return told, at + 1


def _value(raw: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == 2:
        return bool(raw[at]), at + 1
    if kind == 11:
        (length,) = struct.unpack_from(">i", raw, at)
        return raw[at + 4 : at + 4 + length], at + 4 + length
    if kind == 15:
        (number,) = struct.unpack_from(">i", raw, at + 1)
        items, at = [], at + 5
        for _ in range(number):
            item, at = decoded(raw, at)
            items.append(item)
        return items, at
    assert kind == 12, kind
    return decoded(raw, at)


def opened(encoded: str) -> dict[int, Any]:
    raw = base64.b64decode(encoded, validate=True)
    told, end = decoded(raw)
    assert end == len(raw)
    return told


def pair(one: Json, other: Json) -> str:
    low, high = sorted((int(one["id"]), int(other["id"])))
    return f"{low}:{high}"


def test_a_message_comes_as_an_envelope(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    said = program.chat(customer, brand, WORDS)
    (body,) = receiver.wait_for(1)
    told, payload = body["data"], body["data"]["payload"]
    assert (told["event_type"], told["filter"]) == ("chat.received", {"user_id": brand["id"]})
    assert payload["id"] == said["message_id"]
    assert (payload["sender_id"], payload["conversation_id"]) == (
        customer["id"],
        pair(customer, brand),
    )
    event = opened(payload["encoded_event"])
    assert event[1] == said["id"].encode()
    assert event[2] == said["message_id"].encode()
    assert (event[3], event[4]) == (customer["id"].encode(), pair(customer, brand).encode())
    assert event[6] == payload["created_at_msec"].encode()
    message = event[7][1]
    assert message[101] == payload["conversation_key_version"].encode()
    assert len(message[100]) > len(WORDS)
    signed = payload["message_event_signature"]
    assert event[9][1] == signed["signature"].encode()
    assert len(base64.b64decode(signed["signing_public_key"])) == 91


def test_its_key_comes_along_wrapped_for_both(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    program.chat(customer, brand)
    (body,) = receiver.wait_for(1)
    payload = body["data"]["payload"]
    change = opened(payload["conversation_key_change_event"])[7][3]
    assert change[1] == payload["conversation_key_version"].encode()
    assert {wrap[1].decode() for wrap in change[2]} == {customer["id"], brand["id"]}
    assert {len(base64.b64decode(wrap[2])) for wrap in change[2]} == {113}


def test_no_words_leave_the_phones(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    program.chat(customer, brand, WORDS)
    receiver.wait_for(1)
    answer = program.call(
        "GET",
        f"/2/chat/conversations/{customer['id']}/events",
        brand["token"],
        params={"chat_message_event.fields": FIELDS},
    )
    told = receiver.raw[0][0] + answer.content
    encoded = re.findall(rb'"([A-Za-z0-9+/]{40,}={0,2})"', told)
    assert WORDS.encode() not in told
    assert not any(WORDS.encode() in base64.b64decode(one) for one in encoded if not len(one) % 4)
    assert [one["text"] for one in program.control("GET", "ledger")["chats"]][-1] == WORDS


def test_what_the_brand_writes_in_its_own_app_is_told_as_sent(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    said = program.chat(brand, customer)
    (body,) = receiver.wait_for(1)
    assert body["data"]["event_type"] == "chat.sent"
    assert body["data"]["payload"]["id"] == said["message_id"]


def test_after_an_upgrade_direct_messages_fall_silent(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer, friend = program.person(), program.person()
    before = program.dm(customer, brand, "before")
    people = {"user_id": brand["id"], "other_id": customer["id"]}
    assert program.control("POST", "chat/upgrade", **people) == {"encrypted": True}
    people = {"sender_id": customer["id"], "recipient_id": brand["id"]}
    said = program.control("POST", "dms", text="after", **people)
    assert said["encrypted"] is True
    form = {"customer": customer["id"], "brand": brand["id"], "text": "on the page"}
    assert program.http.post(f"{program.url}/page/messages", data=form).status_code == 303
    program.dm(friend, brand, "somebody else")
    kinds = [body["data"]["event_type"] for body in receiver.wait_for(4)]
    assert kinds == ["dm.received", "chat.received", "chat.received", "dm.received"]
    asked = program.get("/2/dm_events", brand["token"])
    assert [event["text"] for event in asked["data"]] == ["somebody else", "before"]
    assert asked["data"][1]["id"] == before
    refused = program.call(
        "POST",
        f"/2/dm_conversations/with/{customer['id']}/messages",
        brand["token"],
        json={"text": "From the API"},
    )
    assert refused.status_code == 403
    page = program.http.get(f"{program.url}/page/messages", params=form).text
    assert page.index("before") < page.index("after") < page.index("on the page")
    assert page.count("encrypted") == 2


def test_an_upgrade_can_be_taken_back(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    form = {"customer": customer["id"], "brand": brand["id"]}
    for on in ("true", "false"):
        program.http.post(f"{program.url}/page/encryption", data={**form, "on": on})
        program.control("POST", "dms", text=on, sender_id=customer["id"], recipient_id=brand["id"])
    kinds = [body["data"]["event_type"] for body in receiver.wait_for(2)]
    assert kinds == ["chat.received", "dm.received"]


def test_who_may_not_write_may_not_write_encrypted_either(program: Program) -> None:
    customer, closed = program.person(), program.brand(receives_your_dm=False)
    people = {"sender_id": customer["id"], "recipient_id": closed["id"], "text": "hm"}
    assert program.http.post(f"{program.url}/_sim/chat", json=people).status_code == 403


def test_a_group_is_joined_and_heard(program: Program, receiver: Receiver, brand: Json) -> None:
    creator, third = program.person(), program.person()
    members = [brand["id"], third["id"]]
    group = program.control("POST", "chat/groups", creator_id=creator["id"], member_ids=members)
    facts = {"conversation_id": group["id"], "text": "Hello all"}
    program.control("POST", "chat", sender_id=third["id"], **facts)
    joined, said = (body["data"] for body in receiver.wait_for(2))
    assert (joined["event_type"], said["event_type"]) == ("chat.conversation.join", "chat.received")
    assert joined["payload"]["conversation_id"] == said["payload"]["conversation_id"] == group["id"]
    stranger = {"sender_id": program.person()["id"], **facts}
    assert program.http.post(f"{program.url}/_sim/chat", json=stranger).status_code == 403


def test_events_are_read_newest_first_with_the_keys_they_need(
    program: Program, brand: Json
) -> None:
    customer = program.person()
    said = [program.chat(customer, brand, f"number {number}")["id"] for number in range(3)]
    path = f"/2/chat/conversations/{customer['id']}/events"
    asked = {"chat_message_event.fields": FIELDS, "max_results": 2}
    first = program.get(path, brand["token"], **asked)
    assert [event["id"] for event in first["data"]] == [said[2], said[1]]
    assert first["data"][0]["previous_id"] == said[1]
    assert first["meta"]["has_more"] is True
    (key,) = first["meta"]["conversation_key_events"]
    assert 3 in opened(key)[7]
    rest = program.get(path, brand["token"], **asked, pagination_token=first["meta"]["next_token"])
    assert [event["id"] for event in rest["data"]] == [said[0]]
    assert (rest["meta"]["has_more"], "next_token" in rest["meta"]) == (False, False)


def test_conversations_are_listed_by_their_last_event(program: Program, brand: Json) -> None:
    one, other = program.person(), program.person()
    for customer in (one, other, one):
        program.chat(customer, brand)
    asked = {"chat_conversation.fields": "id,type,updated_at", "expansions": "participant_ids"}
    told = program.get("/2/chat/conversations", brand["token"], **asked)
    names = [chat["id"] for chat in told["data"]]
    assert names == [pair(one, brand).replace(":", "-"), pair(other, brand).replace(":", "-")]
    assert told["meta"] == {"result_count": 2, "has_more": False, "has_message_requests": False}
    people = {person["id"] for person in told["includes"]["users"]}
    assert people == {brand["id"], one["id"], other["id"]}


def test_a_chat_event_is_delivered_again_when_asked(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    said = program.chat(program.person(), brand, deliver=False)
    told = program.control("POST", "deliver", events=[{"kind": "chat", "id": said["id"]}], repeat=2)
    assert told["delivered"] == 2
    assert receiver.bodies[0] == receiver.bodies[1]


def test_direct_messages_stay_as_they_are_beside_a_chat(program: Program, brand: Json) -> None:
    customer = program.person()
    program.chat(customer, brand, "encrypted")
    program.dm(customer, brand, "plain")
    assert texts(program.get("/2/dm_events", brand["token"])) == ["plain"]
