"""Bodies as X sends them, of our own writing, and ways to hand them to our webhook."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import BrandAccount
from inbox.models import Contact
from inbox.sequence import moment_of
from tests.factories import next_x_id
from twitter_sync.signatures import signature

Body = dict[str, Any]
Someone = BrandAccount | Contact


def encoded(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def push(client: Client, body: Any, *, signed: str | None = None) -> HttpResponse:
    """Posts `body` to the webhook as X does, signed by the app's secret unless told otherwise."""
    raw = body if isinstance(body, bytes) else encoded(body)
    header = signature(raw, secret=settings.X_CONSUMER_SECRET) if signed is None else signed
    return client.post(
        "/webhooks/x/",
        raw,
        content_type="application/json",
        headers={"x-twitter-webhooks-signature": header},
    )


def event(kind: str, told: Someone | str, payload: Body, **more: Any) -> Body:
    """The envelope of the X Activity API."""
    user_id = told if isinstance(told, str) else told.x_user_id
    return {
        "data": {
            "event_uuid": f"-{next_x_id()}",
            "filter": {"user_id": user_id},
            "event_type": kind,
            "payload": payload,
            **more,
        }
    }


# Direct messages


def dm(sender: Someone, recipient: Someone, text: str = "Hello", **fields: Any) -> Body:
    """One of `direct_message_events`, in the older form that both products use."""
    x_id = fields.pop("id", None) or next_x_id()
    at = fields.pop("at", None) or moment_of(int(x_id))
    return {
        "type": "message_create",
        "id": x_id,
        "created_timestamp": str(int(at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": recipient.x_user_id},
            "sender_id": sender.x_user_id,
            "message_data": {"text": text, "entities": {"urls": [], "hashtags": []}, **fields},
        },
    }


def dm_received(brand: BrandAccount, sender: Someone, text: str = "Hello", **fields: Any) -> Body:
    return told_dms("dm.received", brand, dm(sender, brand, text, **fields), people=[sender])


def dm_sent(brand: BrandAccount, recipient: Someone, text: str = "Hello", **fields: Any) -> Body:
    return told_dms("dm.sent", brand, dm(brand, recipient, text, **fields), people=[recipient])


def told_dms(kind: str, brand: BrandAccount, *messages: Body, people: list[Someone]) -> Body:
    users = {one.x_user_id: {"data": user(one)} for one in people}
    return event(kind, brand, {"direct_message_events": list(messages), "users": users})


def user(one: Someone) -> Body:
    return {
        "id": one.x_user_id,
        "username": one.handle,
        "name": one.name,
        "protected": False,
        "verified": False,
        "created_at": "2019-01-01T00:00:00.000Z",
        "public_metrics": {"followers_count": 97, "followers_count_str": "97"},
    }


def page_dm(sender: Someone, recipient: Someone, text: str = "Hello", **fields: Any) -> Body:
    """One item of a page of `GET /2/dm_events`."""
    x_id = fields.pop("id", None) or next_x_id()
    pair = sorted((sender.x_user_id, recipient.x_user_id), key=int)
    return {
        "id": x_id,
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": sender.x_user_id,
        "dm_conversation_id": "-".join(pair),
        "created_at": iso(moment_of(int(x_id))),
        **fields,
    }


# Posts


def post(author: Someone, text: str, *, answers: Body | None = None, **fields: Any) -> Body:
    """A post in the tweet vocabulary; with `answers`, a reply in the same X conversation."""
    x_id = fields.pop("id", None) or next_x_id()
    found = {
        "id": x_id,
        "text": text,
        "author_id": author.x_user_id,
        "conversation_id": answers["conversation_id"] if answers else x_id,
        "created_at": iso(moment_of(int(x_id))),
        "edit_history_tweet_ids": [x_id],
        "entities": {"mentions": mentions(text, fields.pop("names", []))},
    }
    if answers:
        found["referenced_tweets"] = [{"type": "replied_to", "id": answers["id"]}]
        found["in_reply_to_user_id"] = answers["author_id"]
    return found | fields


def mentions(text: str, names: list[Someone]) -> list[Body]:
    found = []
    for one in names:
        start = text.index(f"@{one.handle}")
        end = start + len(one.handle) + 1
        doubled = {"start": start, "start_str": str(start), "end": end, "end_str": str(end)}
        found.append({**doubled, "username": one.handle, "id": one.x_user_id})
    return found


def mention_event(brand: BrandAccount, one: Body, **includes: Any) -> Body:
    return event("post.mention.create", brand, one, includes=includes)


def reply_event(brand: BrandAccount, one: Body, **includes: Any) -> Body:
    return event("post.reply.create", brand, one, includes=includes)


def own_event(brand: BrandAccount, one: Body, **includes: Any) -> Body:
    return event("post.create", brand, one, includes=includes)


def delete_event(brand: BrandAccount, post_id: str) -> Body:
    return event("post.delete", brand, {"id": post_id, "author_id": brand.x_user_id})


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
