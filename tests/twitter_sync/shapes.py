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


def older_event(kind: str, *elements: Any, **more: Any) -> dict[str, Any]:
    """A delivery of the Account Activity API."""
    return {"for_user_id": BRAND, kind: list(elements), **more}


def older_post(**fields: Any) -> dict[str, Any]:
    return {
        "created_at": "Sat Nov 21 10:20:00 +0000 2026",
        "id": 1992000000000000000,
        "id_str": POST_ID,
        "text": "@acme second day without internet",
        "in_reply_to_status_id_str": None,
        "in_reply_to_user_id_str": BRAND,
        "user": {"id": 9876543210, "id_str": CUSTOMER, "screen_name": "ana_k", "name": "Ana"},
        "entities": {
            "hashtags": [],
            "urls": [],
            "user_mentions": [{"screen_name": "acme", "id_str": BRAND, "indices": [0, 5]}],
        },
        **fields,
    }


def dm_item(**fields: Any) -> dict[str, Any]:
    """A direct message of a page."""
    return {
        "id": DM_ID,
        "event_type": "MessageCreate",
        "text": "Where is it?",
        "sender_id": CUSTOMER,
        "dm_conversation_id": f"{BRAND}-{CUSTOMER}",
        "created_at": "2026-11-21T10:15:02.000Z",
        **fields,
    }


def encrypted(**fields: Any) -> dict[str, Any]:
    return {
        "id": "e4f4d3fc-8bbf-4928-92eb-e5058d6bb6f6",
        "created_at_msec": "1795256102000",
        "sender_id": CUSTOMER,
        "conversation_id": f"{CUSTOMER}:{BRAND}",
        "conversation_token": "eyJh",
        "conversation_key_version": "1768236281331",
        "encoded_event": "CwABAAAA",
        "conversation_key_change_event": "CwAB",
        "message_event_signature": {"public_key_version": "1765382634817", "signature": "6IK9SZ"},
        **fields,
    }


def v2_post(**fields: Any) -> dict[str, Any]:
    return {
        "id": POST_ID,
        "text": "@acme second day without internet",
        "author_id": CUSTOMER,
        "conversation_id": "1991999999999999999",
        "created_at": "2026-11-21T10:20:00.000Z",
        **fields,
    }


ANA = {"id": CUSTOMER, "username": "ana_k", "name": "Ana", "public_metrics": {"followers_count": 9}}
ANA_OLDER = {"id": CUSTOMER, "screen_name": "ana_k", "name": "Ana", "followers_count": 9}
WITHHELD = {"resource_type": "tweet", "resource_id": "1991999999999999999", "title": "No"}
PICTURE = {"id": 77, "id_str": "77", "type": "photo", "media_url_https": "https://x.test/a.jpg"}
LINK = {
    "url": "https://t.co/a",
    "expanded_url": "https://acme.test/",
    "display_url": "acme.test",
    "indices": [0, 14],
}
IN_POST = [
    {"start": 0, "start_str": "0", "end": 5, "end_str": "5", "username": "acme", "id": BRAND}
]
ONE_TYPING = {"created_timestamp": "1795256190000", "sender_id": CUSTOMER, "target": {}}
ONE_FOLLOW = {"type": "follow", "target": {"id": BRAND}, "source": {"id": CUSTOMER}}


def illustrated(text: str = "https://t.co/a") -> dict[str, Any]:
    """A direct message with a picture and a link, in the older form."""
    event = dm_event()
    event["message_create"]["message_data"] = {
        "text": text,
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": [LINK]},
        "attachment": {"type": "media", "media": PICTURE},
        "quick_reply_response": {"type": "options", "metadata": "x"},
    }
    return event


# One of each form that X documents or was seen to send.
SHAPES: list[dict[str, Any]] = [
    # the X Activity API
    activity("dm.received", {"direct_message_events": [dm_event()], "users": {}}),
    activity(
        "dm.received",
        {"direct_message_events": [illustrated()], "users": {CUSTOMER: {"data": ANA}}},
        event_uuid="-6850472171600526495",
        tag="acct:17",
    ),
    activity("dm.sent", {"direct_message_events": [dm_event(), dm_event()], "users": {}}),
    activity("dm.read", {"direct_message_mark_read_events": [ONE_TYPING], "users": {}}),
    activity("dm.indicate_typing", ONE_TYPING, event_uuid="884423"),
    activity("post.create", v2_post(), includes={"tweets": [v2_post()]}),
    activity(
        "post.mention.create",
        v2_post(
            entities={"mentions": IN_POST},
            edit_controls={"edits_remaining": 5, "edits_remaining_str": "5"},
            display_text_range=[0, 33],
        ),
        includes={"users": [ANA], "tweets": [v2_post()]},
    ),
    activity(
        "post.reply.create",
        v2_post(
            in_reply_to_tweet_id="1991999999999999999",
            referenced_tweets=[{"type": "replied_to", "id": "1991999999999999999"}],
        ),
        includes={},
    ),
    activity("post.quote.create", v2_post(referenced_tweets=[{"type": "quoted", "id": "2"}])),
    activity("post.repost.create", v2_post(referenced_posts=[{"type": "reposted", "id": "2"}])),
    activity(
        "post.delete", {"id": POST_ID, "author_id": BRAND}, includes={"users": [{"data": ANA}]}
    ),
    activity("chat.received", encrypted()),
    activity("chat.sent", encrypted(conversation_id=f"{BRAND}-{CUSTOMER}")),
    activity("chat.conversation.join", {"conversation_id": "g1"}),
    activity("follow.follow", {"source": {"data": ANA}, "target": {"data": {"id": BRAND}}}),
    activity("profile.update.bio", {"before": "a", "after": "b"}),
    activity("oauth.revoke", {"user_id": BRAND, "app_id": "29"}, filter={}),
    activity("dm.telepathy", {"anything": [1]}),
    {"data": [activity("post.create", v2_post())["data"], activity("like.create", {})["data"]]},
    {"replay_job_status": {"webhook_id": "4", "job_state": "Complete", "job_id": "5"}},
    # the Account Activity API
    older_event("direct_message_events", dm_event(), users={CUSTOMER: ANA_OLDER}, apps={}),
    older_event("direct_message_events", illustrated(), apps={"users": {CUSTOMER: ANA_OLDER}}),
    older_event("direct_message_indicate_typing_events", ONE_TYPING, users={}),
    older_event("tweet_create_events", older_post(), user_has_blocked="false"),
    older_event(
        "tweet_create_events",
        older_post(
            truncated=True,
            extended_tweet={
                "full_text": "@acme https://t.co/a",
                "entities": {"urls": [LINK]},
                "extended_entities": {"media": [PICTURE]},
            },
            edit_history={"initial_tweet_id": "1", "edit_tweet_ids": ["1", POST_ID]},
        ),
    ),
    older_event("tweet_create_events", older_post(retweeted_status=older_post())),
    older_event(
        "tweet_delete_events", {"status": {"id": POST_ID}, "timestamp_ms": "1795256300000"}
    ),
    older_event("follow_events", ONE_FOLLOW),
    {"user_event": {"revoke": {"source": {"user_id": BRAND}, "target": {"app_id": "2"}}}},
    # pages, and lines of a filtered stream
    {"data": [v2_post()], "includes": {"tweets": [v2_post()]}, "errors": [WITHHELD], "meta": {}},
    {
        "data": [
            v2_post(
                note_post={"text": "@acme …", "entities": {"mentions": IN_POST}},
                edit_history_post_ids=["1992000000000000100", POST_ID],
                attachments={"media_keys": ["3_77"]},
            )
        ],
        "includes": {"posts": [v2_post()], "users": [ANA], "media": [{"media_key": "3_77"}]},
    },
    {"data": [dm_item(), dm_item(attachments={"media_keys": ["3_77"]})], "meta": {}},
    {"data": dm_item(dm_conversation_id="1991000000000000001", referenced_tweets=[{"id": "1"}])},
    {"data": [{"id": DM_ID, "event_type": "ParticipantsJoin", "participant_ids": [CUSTOMER]}]},
    {"data": [ANA], "errors": [{"value": "1", "resource_type": "user"}]},
    {"data": v2_post(), "includes": {}, "matching_rules": [{"id": "1", "tag": "acme"}]},
    {"meta": {"result_count": 0}},
]
