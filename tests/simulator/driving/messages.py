"""Cases of direct messages."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, SCOPES, Stage
from tests.simulator.program import Json


@drives("GET /2/dm_events")
def messages(stage: Stage) -> None:
    for body in stage.read("/2/dm_events"):
        assert len(body["data"]) >= 2
    first = stage.call("GET", "/2/dm_events?max_results=1").json()
    token = first["meta"]["next_token"]
    second = stage.call("GET", f"/2/dm_events?max_results=1&pagination_token={token}").json()
    assert second["meta"]["previous_token"]
    empty = stage.call("GET", "/2/dm_events", stage.program.token(stage.closed, SCOPES)).json()
    assert empty == {"meta": {"result_count": 0}}
    stage.refused(400, "GET", "/2/dm_events?max_results=101")
    stage.refused(400, "GET", "/2/dm_events?pagination_token=nonsense-nonsense")
    stage.refused(400, "GET", "/2/dm_events?event_types=Wave")


@drives("GET /2/dm_events/{event_id}")
def message(stage: Stage) -> None:
    for body in stage.read(f"/2/dm_events/{stage.received}"):
        assert body["data"]["id"] == stage.received
    assert stage.call("GET", f"/2/dm_events/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/dm_events/x")


@drives("DELETE /2/dm_events/{event_id}")
def delete_message(stage: Stage) -> None:
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    dm_id = stage.made(there, {"text": "Not this."})["dm_event_id"]
    assert stage.call("DELETE", f"/2/dm_events/{dm_id}").json() == {"data": {"deleted": True}}
    stage.refused(403, "DELETE", f"/2/dm_events/{stage.received}")
    stage.refused(400, "DELETE", "/2/dm_events/x")


@drives(
    "GET /2/dm_conversations/with/{participant_id}/dm_events",
    "GET /2/dm_conversations/{id}/dm_events",
)
def conversation(stage: Stage) -> None:
    stage.read(f"/2/dm_conversations/with/{stage.customer['id']}/dm_events")
    stage.read(f"/2/dm_conversations/{stage.conversation}/dm_events")
    for body in stage.read(f"/2/dm_conversations/{stage.group}/dm_events"):
        kinds = [event["event_type"] for event in body["data"]]
        assert kinds == ["ParticipantsLeave", "ParticipantsJoin", "MessageCreate"]
    left = f"/2/dm_conversations/{stage.group}/dm_events?event_types=ParticipantsLeave"
    assert stage.call("GET", left).json()["meta"]["result_count"] == 1
    stage.refused(400, "GET", "/2/dm_conversations/with/x/dm_events")
    stage.refused(400, "GET", "/2/dm_conversations/x/dm_events")
    stage.refused(403, "GET", "/2/dm_conversations/1-2/dm_events")


@drives("POST /2/dm_conversations")
def group(stage: Stage) -> None:
    path, others = "/2/dm_conversations", [stage.customer["id"], stage.program.person()["id"]]
    asked = {"conversation_type": "Group", "participant_ids": others, "message": {"text": "Hi"}}
    made = stage.made(path, asked)
    here = f"{path}/{made['dm_conversation_id']}"
    assert stage.made(f"{here}/messages", {"text": "Hi again"})["dm_conversation_id"] in here
    assert len(stage.call("GET", f"{here}/dm_events").json()["data"]) == 2
    wrong: tuple[Json, ...] = (
        {"conversation_type": "group"},
        {"participant_ids": others[:1]},
        {"participant_ids": [5, 6]},
        {"message": {}},
        {"message": {"text": "Hi", "mood": "b"}},
        {"message": "Hi"},
        {"colour": "red"},
    )
    for part in wrong:
        stage.refused(400, "POST", path, json=asked | part)
    stage.refused(400, "POST", path, json={})
    stage.refused(400, "POST", f"{here}/messages", json={})
    for other in (NOBODY, stage.closed["id"]):
        stage.refused(403, "POST", path, json=asked | {"participant_ids": [*others, other]})
    stranger = stage.program.token(stage.closed, SCOPES)
    stage.refused(403, "POST", f"{here}/messages", token=stranger, json={"text": "Hi"})


@drives(
    "POST /2/dm_conversations/with/{participant_id}/messages",
    "POST /2/dm_conversations/{id}/messages",
)
def send(stage: Stage) -> None:
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    here = f"/2/dm_conversations/{stage.conversation}/messages"
    for path in (there, here):
        assert stage.call("POST", path, json={"text": "Hi"}).status_code == 201
        for body in ({}, {"text": 5}, {"text": "a", "mood": "b"}, {"text": "x" * 10_001}, []):
            stage.refused(400, "POST", path, json=body)
        stage.refused(400, "POST", path, content="{")
    closed = f"/2/dm_conversations/with/{stage.closed['id']}/messages"
    stage.refused(403, "POST", closed, json={"text": "Hi"})
    stage.refused(403, "POST", there, json={"attachments": [{"media_id": NOBODY}]})
    locked = stage.program.person("stagelocked", brand=True, locked=True)
    token = stage.program.token(locked, SCOPES)
    stage.refused(403, "POST", there, token=token, json={"text": "Hi"})
