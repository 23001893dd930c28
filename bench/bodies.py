"""Invented utterances as X pushes them: bodies of the X Activity API, in the order of time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

from bench.invention import Inventor, Somebody
from bench.stories import Story, Storyteller, Utterance
from bench.town import Brand

Body = dict[str, Any]


def bodies(inventor: Inventor, brands: list[Brand], how_many: int) -> list[str]:
    """As many pushes: messages and posts of customers, and what the brands answered in X."""
    stories = tell(inventor, brands, how_many)
    told = sorted(
        ((one, story) for story in stories for one in story.utterances),
        key=lambda pair: pair[0].sequence,
    )
    return [
        json.dumps(push_of(story, one), ensure_ascii=False) for one, story in islice(told, how_many)
    ]


def tell(inventor: Inventor, brands: list[Brand], utterances: int) -> list[Story]:
    """Stories with at least so many utterances."""
    now = datetime.now(UTC)
    storyteller = Storyteller(inventor, brands, max(utterances // 5, 1), now)
    stories: list[Story] = []
    for number in count(1):
        stories.append(storyteller.story(number))
        utterances -= len(stories[-1].utterances)
        if utterances <= 0:
            break
    return stories


def push_of(story: Story, one: Utterance) -> Body:
    customer, brand = story.customer.on_x, story.brand.on_x
    sender, recipient = (brand, customer) if one.is_ours else (customer, brand)
    if one.path.kind == "dm":
        kind, payload = "dm", direct_message(one, sender, recipient, customer)
        return event("dm.sent" if one.is_ours else "dm.received", brand, one, payload)
    kind = "post.create" if one.is_ours else "post.mention.create"
    includes = {"users": [person(sender), person(recipient)]}
    return event(kind, brand, one, post(one, sender, recipient), includes=includes)


def event(kind: str, told: Somebody, one: Utterance, payload: Body, **more: Any) -> Body:
    return {
        "data": {
            "event_uuid": f"-{one.x_id}",
            "filter": {"user_id": told.x_user_id},
            "event_type": kind,
            "payload": payload,
            **more,
        }
    }


def direct_message(
    one: Utterance, sender: Somebody, recipient: Somebody, customer: Somebody
) -> Body:
    message = {
        "type": "message_create",
        "id": one.x_id,
        "created_timestamp": str(int(one.at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": recipient.x_user_id},
            "sender_id": sender.x_user_id,
            "message_data": {"text": one.text.words, "entities": one.text.entities},
        },
    }
    users = {customer.x_user_id: {"data": person(customer)}}
    return {"direct_message_events": [message], "users": users}


def post(one: Utterance, author: Somebody, answered: Somebody) -> Body:
    found: Body = {
        "id": one.x_id,
        "text": one.text.words,
        "author_id": author.x_user_id,
        "conversation_id": one.path.x_id,
        "created_at": one.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{one.at.microsecond // 1000:03d}Z",
        "edit_history_tweet_ids": [one.x_id],
        "entities": one.text.entities,
    }
    if one.answers:
        found["referenced_tweets"] = [{"type": "replied_to", "id": one.answers}]
        found["in_reply_to_user_id"] = answered.x_user_id
    return found


def person(one: Somebody) -> Body:
    return {
        "id": one.x_user_id,
        "username": one.handle,
        "name": one.name,
        "protected": False,
        "verified": False,
        "created_at": "2019-01-01T00:00:00.000Z",
        "public_metrics": {"followers_count": 97},
    }
