"""Direct messages: sending, reading, pages, the 30-day window and every refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.simulator.program import Json, Program, texts

FIELDS = {
    "dm_event.fields": "id,text,event_type,dm_conversation_id,created_at,sender_id,entities",
    "expansions": "sender_id",
}


def send(program: Program, brand: Json, customer: Json, text: str = "Hi!") -> Json:
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    answer = program.call("POST", path, brand["token"], json={"text": text})
    assert answer.status_code == 201, answer.text
    sent: Json = answer.json()["data"]
    return sent


def conversation(one: Json, other: Json) -> str:
    low, high = sorted((int(one["id"]), int(other["id"])))
    return f"{low}-{high}"


def test_a_sent_message_can_be_read(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    sent = send(program, brand, customer, "Where is it?")
    assert sent["dm_conversation_id"] == conversation(brand, customer)
    event = program.get(f"/2/dm_events/{sent['dm_event_id']}", brand["token"])["data"]
    assert event == {
        "id": sent["dm_event_id"],
        "event_type": "MessageCreate",
        "text": "Where is it?",
    }


def test_a_conversation_can_be_answered_by_its_id(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    path = f"/2/dm_conversations/{conversation(brand, customer)}/messages"
    answer = program.call("POST", path, brand["token"], json={"text": "Hello"})
    assert answer.status_code == 201
    ledger = program.control("GET", "ledger")["dms"]
    sent = next(dm for dm in ledger if dm["id"] == answer.json()["data"]["dm_event_id"])
    assert (sent["recipient_id"], sent["source"]) == (customer["id"], "api")


def test_it_lists_newest_first_with_what_was_asked_for(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    program.dm(customer, brand, "Is it <open> & free? See https://example.com/hours today")
    send(program, brand, customer, "Yes.")
    body = program.get("/2/dm_events", brand["token"], **FIELDS)
    assert body["meta"]["result_count"] == 2
    newer, older = body["data"]
    assert (newer["text"], newer["sender_id"]) == ("Yes.", brand["id"])
    link = older["entities"]["urls"][0]
    assert older["text"] == f"Is it &lt;open&gt; &amp; free? See {link['url']} today"
    assert older["text"][link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == "https://example.com/hours"
    assert older["dm_conversation_id"] == conversation(brand, customer)
    assert older["created_at"].endswith(".000Z")
    people = {person["id"] for person in body["includes"]["users"]}
    assert people == {brand["id"], customer["id"]}


def test_the_post_vocabulary_knows_the_sender_by_expansion_only(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    program.dm(customer, brand)
    plain = {"dm_event.fields": "sender_id,created_at", "post.fields": "id"}
    event = program.get("/2/dm_events", brand["token"], **plain)["data"][0]
    assert event.keys() == {"id", "event_type", "text", "created_at"}
    expanded = {**plain, "expansions": "sender_id"}
    event = program.get("/2/dm_events", brand["token"], **expanded)["data"][0]
    assert event["sender_id"] == customer["id"]


def test_it_pages_back_and_forth(program: Program, no_quotas: None) -> None:
    brand, customer = program.brand(), program.person()
    for number in range(5):
        program.dm(customer, brand, f"message {number}")
    path = f"/2/dm_conversations/with/{customer['id']}/dm_events"
    first = program.get(path, brand["token"], max_results=2)
    assert texts(first) == ["message 4", "message 3"]
    token = first["meta"]["next_token"]
    second = program.get(path, brand["token"], max_results=2, pagination_token=token)
    assert texts(second) == ["message 2", "message 1"]
    token = second["meta"]["next_token"]
    last = program.get(path, brand["token"], max_results=2, pagination_token=token)
    assert texts(last) == ["message 0"]
    assert "next_token" not in last["meta"]
    token = last["meta"]["previous_token"]
    back = program.get(path, brand["token"], max_results=2, pagination_token=token)
    assert texts(back) == ["message 2", "message 1"]


def test_an_empty_page_has_no_data(program: Program) -> None:
    body = program.get("/2/dm_events", program.brand()["token"])
    assert body == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    "query",
    [
        "max_results=0",
        "max_results=101",
        "max_results=x",
        "pagination_token=nonsense-nonsense",
        "event_types=Wave",
    ],
)
def test_it_refuses_a_bad_page(program: Program, query: str) -> None:
    answer = program.call("GET", f"/2/dm_events?{query}", program.brand()["token"])
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"


def test_messages_older_than_thirty_days_are_gone_unless_loaded(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    past = datetime.now(UTC) - timedelta(days=31)
    program.dm(customer, brand, "written long ago", created_at=past.isoformat())
    loaded = {"sender_id": customer["id"], "recipient_id": brand["id"], "text": "loaded"}
    loaded |= {"id": "900000000000000001", "created_at": "2017-10-31T22:11:47.002Z"}
    assert program.control("POST", "load", dms=[loaded]) == {"dms": 1, "posts": 0}
    assert program.control("POST", "load", dms=[loaded]) == {"dms": 0, "posts": 0}
    body = program.get("/2/dm_events", brand["token"], **FIELDS)
    assert texts(body) == ["loaded"]
    assert body["data"][0]["created_at"] == "2017-10-31T22:11:47.002Z"


def test_only_those_in_a_conversation_can_read_it(program: Program) -> None:
    brand, customer, other = program.brand(), program.person(), program.brand()
    dm_id = program.dm(customer, brand)
    assert "data" not in program.get(f"/2/dm_events/{dm_id}", other["token"])
    path = f"/2/dm_conversations/{conversation(brand, customer)}/dm_events"
    assert program.call("GET", path, other["token"]).status_code == 403
    assert texts(program.get(path, brand["token"])) == ["Hello!"]


def test_a_closed_inbox_is_refused_until_its_owner_writes(program: Program) -> None:
    brand, customer = program.brand(), program.person(receives_your_dm=False)
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    answer = program.call("POST", path, brand["token"], json={"text": "Hi"})
    assert answer.status_code == 403
    detail = "You do not have permission to DM one or more participants."
    assert answer.json()["detail"] == detail
    program.dm(customer, brand)
    send(program, brand, customer)


def test_someone_who_blocked_us_is_refused(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    block = {"source_id": customer["id"], "target_id": brand["id"], "kind": "blocking"}
    program.control("POST", "relations", **block, on=True)
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    answer = program.call("POST", path, brand["token"], json={"text": "Hi"})
    assert answer.status_code == 403


def test_a_locked_account_cannot_send(program: Program) -> None:
    brand, customer = program.brand(locked=True), program.person()
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    answer = program.call("POST", path, brand["token"], json={"text": "Hi"})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This operation is not permitted."


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": 5}, {"text": "a", "mood": "b"}, {"text": "x" * 10_001}, []]
)
def test_it_refuses_a_bad_body(program: Program, body: object) -> None:
    path = f"/2/dm_conversations/with/{program.person()['id']}/messages"
    answer = program.call("POST", path, program.brand()["token"], json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_ten_thousand_characters_are_fine(program: Program) -> None:
    send(program, program.brand(), program.person(), "é" * 10_000)


def test_deleting_removes_it_from_ones_own_view_only(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    sent = send(program, brand, customer)
    path = f"/2/dm_events/{sent['dm_event_id']}"
    assert program.call("DELETE", path, brand["token"]).json() == {"data": {"deleted": True}}
    assert "data" not in program.get(path, brand["token"])
    assert program.get(path, program.token(customer))["data"]["text"] == "Hi!"
    received = program.dm(customer, brand)
    assert program.call("DELETE", f"/2/dm_events/{received}", brand["token"]).status_code == 403
