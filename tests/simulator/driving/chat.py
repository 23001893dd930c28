"""Cases of encrypted chat."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, SCOPES, Stage


@drives(
    "GET /2/chat/conversations",
    "GET /2/chat/conversations/{id}",
    "GET /2/chat/conversations/{id}/events",
)
def chats(stage: Stage) -> None:
    """An account of its own: between the others nothing may be encrypted."""
    program = stage.program
    brand = program.brand()
    token, customer = program.token(brand, SCOPES), program.person()
    empty = stage.call("GET", "/2/chat/conversations", token).json()
    assert empty.keys() == {"meta"}
    for number in range(3):
        program.chat(customer, brand, f"number {number}")
    people = {"creator_id": customer["id"], "member_ids": [brand["id"], stage.customer["id"]]}
    group = program.control("POST", "chat/groups", name="Neighbours", **people)["id"]
    program.control("POST", "chat", sender_id=brand["id"], conversation_id=group, text="Hello all")
    every = {
        name: ",".join(stage.document.choices(parameter))
        for name, parameter in (
            ("chat_conversation.fields", "ChatConversationFieldsParameter"),
            ("expansions", "ChatConversationExpansionsParameter"),
            ("user.fields", "UserFieldsParameter"),
        )
    }
    first = stage.call("GET", "/2/chat/conversations", token, params=every | {"max_results": 1})
    next_token = first.json()["meta"]["next_token"]
    further = {"max_results": 1, "pagination_token": next_token}
    for asked in ({}, every, every | further):
        listed = stage.call("GET", "/2/chat/conversations", token, params=asked).json()
        assert listed["data"]
    fields = ",".join(stage.document.choices("ChatMessageEventFieldsParameter"))
    for chat in (customer["id"], listed["data"][0]["id"], group):
        path = f"/2/chat/conversations/{chat}"
        for asked in ({}, every):
            assert stage.call("GET", path, token, params=asked).json()["data"]["id"]
        for asked in ({}, {"chat_message_event.fields": fields}, {"max_results": 1}):
            told = stage.call("GET", f"{path}/events", token, params=asked).json()
            assert told["meta"]["conversation_key_events"]
        stage.refused(404, "GET", path, token=stage.program.token(stage.closed, SCOPES))
        stage.refused(400, "GET", f"{path}/events?max_results=101", token=token)
        stage.refused(400, "GET", f"{path}/events?pagination_token=nonsense", token=token)
    stage.refused(400, "GET", "/2/chat/conversations/a:b", token=token)
    stage.refused(404, "GET", f"/2/chat/conversations/{NOBODY}/events", token=token)
