"""Deliveries of the Account Activity API, X's older product: arrays by kind, `for_user_id` on top.

We do not subscribe to it; installations that still do are understood.
"""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.gathering import Gathering, one_or_many
from twitter_sync.payloads.messages import read_older_message
from twitter_sync.payloads.people import read_people
from twitter_sync.payloads.posts import read_older_post
from twitter_sync.payloads.reading import (
    Record,
    either,
    optional_id,
    optional_moment,
    optional_record,
    record,
    x_id,
)
from twitter_sync.payloads.records import PostDeletion, Revocation, Signal, Unknown

ADDRESS = {"for_user_id", "users", "apps", "user_has_blocked"}
SIGNALS = {
    "direct_message_indicate_typing_events",
    "direct_message_mark_read_events",
    "favorite_events",
    "follow_events",
    "block_events",
    "mute_events",
}


def read_account_activity(body: Record, found: Gathering) -> None:
    for_user_id = optional_id(body.get("for_user_id"))
    # X's own sample has the users inside the apps.
    found.people |= read_people(body.get("users"), body.get("apps"))
    for kind, elements in body.items():
        if kind not in ADDRESS:
            read_kind(kind, elements, for_user_id, found)


def read_kind(kind: str, elements: Any, for_user_id: str | None, found: Gathering) -> None:
    if kind == "direct_message_events":
        found.read_each(kind, elements, lambda one: read_older_message(one, for_user_id))
    elif kind == "tweet_create_events":
        found.people |= read_people(
            [optional_record(one).get("user") for one in one_or_many(elements)]
        )
        found.read_each(kind, elements, lambda one: read_older_post(one, for_user_id))
    elif kind == "tweet_delete_events":
        found.read_each(kind, elements, lambda one: read_deletion(one, for_user_id))
    elif kind == "user_event":
        found.read_each(kind, elements, read_user_event)
    elif kind in SIGNALS:
        found.events += [Signal(for_user_id, kind) for _ in one_or_many(elements)]
    else:
        found.events.append(Unknown(for_user_id, kind[:40]))


def read_deletion(source: Record, for_user_id: str | None) -> PostDeletion:
    status = record(source.get("status"), "status of a deletion")
    post_id = x_id(either(status, "id_str", "id"), "id of a deleted post")
    return PostDeletion(for_user_id, post_id, optional_moment(source.get("timestamp_ms")))


def read_user_event(source: Record) -> Revocation | Unknown:
    if "revoke" not in source:
        return Unknown(None, f"user_event {', '.join(source)}"[:40])
    revoke = record(source["revoke"], "revoke")
    return Revocation(x_id(optional_record(revoke.get("source")).get("user_id"), "user_id"))
