"""Whether what we asked X for arrived: X drops fields that it does not know, or no longer knows,
without a word and with 200 (reference: x-api §1).

Fields that X always sends when asked are looked for in every item. One that is missing is named in
the log, once per process; a write whose answer lacks its id is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from twitter_sync.answers import Answer
from twitter_sync.errors import Unconfirmed

log = structlog.get_logger(__name__)

POST = {
    "id",
    "text",
    "author_id",
    "conversation_id",
    "created_at",
    "edit_history_tweet_ids",
    "lang",
    "reply_settings",
}
MESSAGE = {"id", "text", "event_type", "dm_conversation_id", "created_at", "sender_id"}
PERSON = {
    "id",
    "name",
    "username",
    "description",
    "created_at",
    "protected",
    "verified",
    "public_metrics",
}
VIEWER = {"receives_your_dm", "connection_status"}
ALWAYS = {
    **dict.fromkeys(("posts", "own_posts", "mentions", "search"), POST),
    **dict.fromkeys(("dm_events", "dm_events_of", "dm_events_with", "dm_event"), MESSAGE),
    **dict.fromkeys(("me", "users", "users_by"), PERSON),
    "webhooks": {"id", "url", "valid"},
    "rules": {"id", "value"},
}
# Without these nobody knows what was made.
MADE = {
    "dm_send": "dm_event_id",
    "post_create": "id",
    "register_webhook": "id",
    "create_compliance_job": "id",
    "upload_initialize": "id",
    "upload_finalize": "id",
}
# The same field in X's other vocabulary.
SPELLINGS = {"edit_history_tweet_ids": "edit_history_post_ids"}

_named: set[tuple[str, str]] = set()


def check(endpoint: str, answer: Answer) -> None:
    """Raises Unconfirmed for a write whose answer does not say what it made."""
    required = MADE.get(endpoint)
    if required and not any(item.get(required) for item in items(answer)):
        raise Unconfirmed(
            "X's answer does not say what was made.", endpoint=endpoint, problem=f"no {required}"
        )
    name(endpoint, missing(endpoint, answer))


def check_viewer(endpoint: str, answer: Answer) -> None:
    """Of people that a handle asks about: whether they take its messages."""
    name(endpoint, lacking(answer, VIEWER))


def name(endpoint: str, fields: set[str]) -> None:
    """In the log, those that were not named before."""
    new = {(endpoint, field) for field in fields} - _named
    if new:
        _named.update(new)
        left_out = sorted(field for _, field in new)
        log.warning("X left out what was asked for", endpoint=endpoint, fields=left_out)


def missing(endpoint: str, answer: Answer) -> set[str]:
    """The names of fields that some item lacks though X always sends them when asked."""
    return lacking(answer, ALWAYS.get(endpoint, set()))


def lacking(answer: Answer, wanted: set[str]) -> set[str]:
    return {
        field for item in items(answer) for field in expected(item, wanted) if lacks(item, field)
    }


def expected(item: dict[str, Any], wanted: set[str]) -> set[str]:
    """Who joins or leaves a group says nothing."""
    if item.get("event_type") in ("ParticipantsJoin", "ParticipantsLeave"):
        return wanted - {"text", "sender_id"}
    return wanted


def lacks(item: dict[str, Any], field: str) -> bool:
    return field not in item and SPELLINGS.get(field) not in item


def items(answer: Answer) -> Iterator[dict[str, Any]]:
    told = answer.get("data")
    for item in told if isinstance(told, list) else [told]:
        if isinstance(item, dict):
            yield item
