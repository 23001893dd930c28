"""One body of each shape in which X speaks, and what `twitter_sync.payloads.parse` reads."""

from __future__ import annotations

import json
from typing import Any

from twitter_sync.payloads import Delivery, parse

BRAND, CUSTOMER = "2244994945", "9876543210"
DM_ID, POST_ID = "1992000000000000102", "1992000000000000200"


def read(body: Any) -> Delivery:
    return parse(json.dumps(body).encode())


def dm_event(**fields: Any) -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": DM_ID,
        "created_timestamp": "1795256102000",
        "message_create": {
            "target": {"recipient_id": BRAND},
            "sender_id": CUSTOMER,
            "message_data": {"text": "Where is it?", "entities": {}},
        },
        **fields,
    }


def activity(kind: str, payload: Any, **more: Any) -> dict[str, Any]:
    filtered = {"user_id": BRAND}
    return {"data": {"event_type": kind, "filter": filtered, "payload": payload, **more}}


def v2_post(**fields: Any) -> dict[str, Any]:
    return {
        "id": POST_ID,
        "text": "@acme second day without internet",
        "author_id": CUSTOMER,
        "conversation_id": "1991999999999999999",
        "created_at": "2026-11-21T10:20:00.000Z",
        **fields,
    }


SHAPES: list[dict[str, Any]] = [
    activity("dm.received", {"direct_message_events": [dm_event()], "users": {}}),
    activity("post.mention.create", v2_post(), includes={"users": [{"id": "1", "username": "a"}]}),
    activity("chat.received", {"id": "e4", "created_at_msec": "1795256102000", "sender_id": "1"}),
    {"for_user_id": BRAND, "direct_message_events": [dm_event()], "users": {}},
    {"for_user_id": BRAND, "tweet_create_events": [{"id_str": POST_ID, "user": {"id": 1}}]},
    {"for_user_id": BRAND, "tweet_delete_events": [{"status": {"id": POST_ID}}]},
    {"user_event": {"revoke": {"source": {"user_id": BRAND}}}},
    {"data": [v2_post()], "includes": {"tweets": [v2_post()]}, "errors": [{}], "meta": {}},
]
