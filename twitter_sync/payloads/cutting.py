"""A body without what is gone from X: as if X had never told of it.

Whatever names a message or post stays, such as the answer to it; the message or post itself goes,
and with it the event that has nothing else to tell. Which posts are one in several forms is to be
read before it is cut.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from twitter_sync.payloads.posts import form_ids
from twitter_sync.payloads.reading import Unreadable, json_record, optional_id

# What holds any of these says something; what only names an id says nothing.
WORDS = {"text", "full_text", "note_tweet", "note_post", "message_create", "encoded_event"}
# What is told is inside; without it there is nothing left of the whole.
INSIDE = ("data", "payload", "direct_message_events", "tweet_create_events")


# In the place of what was cut.
GONE = object()


def without(body: bytes, ids: Collection[str]) -> bytes:
    """Empty when nothing is left, or when nobody can say where in it the words are."""
    try:
        told = json_record(body)
        left = cut(told, ids)
    except (Unreadable, RecursionError):
        return b""
    if left is GONE:
        return b""
    return body if left == told else json.dumps(left).encode()


def cut(told: Any, ids: Collection[str]) -> Any:
    if isinstance(told, list):
        rest = [left for one in told if (left := cut(one, ids)) is not GONE]
        return GONE if told and not rest else rest
    if not isinstance(told, dict):
        return told
    if is_said(told, ids):
        return GONE
    kept = {name: left for name, one in told.items() if (left := cut(one, ids)) is not GONE}
    return GONE if any(name in told and name not in kept for name in INSIDE) else kept


def is_said(told: dict[str, Any], ids: Collection[str]) -> bool:
    """It is one of them, or repeats its words."""
    if not WORDS & told.keys():
        return False
    named = {id_of(told)}
    references = told.get("referenced_tweets") or told.get("referenced_posts") or []
    named |= {
        str(one.get("id"))
        for one in references
        if isinstance(one, dict) and one.get("type") == "retweeted"
    }
    return not named.isdisjoint(ids)


def id_of(told: dict[str, Any]) -> str:
    return str(told.get("id_str") or told.get("id"))


def forms_told(body: bytes, ids: Collection[str]) -> set[str]:
    """All ids of the posts that have, or had, one of these, as far as the body tells."""
    try:
        return forms_in(json_record(body), ids)
    except (Unreadable, RecursionError):
        return set()


def forms_in(told: Any, ids: Collection[str]) -> set[str]:
    if isinstance(told, list):
        return set().union(*(forms_in(one, ids) for one in told))
    if not isinstance(told, dict):
        return set()
    inside = set().union(*(forms_in(one, ids) for one in told.values()))
    forms = {*form_ids(told), optional_id(id_of(told)) or ""} - {""}
    return inside if forms.isdisjoint(ids) else inside | forms
