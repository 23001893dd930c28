"""Deliveries of the X Activity API: `{"data": {"event_type", "filter", "payload", …}}`.

Liberal as X is: `data` may be a list, users may be flat or wrapped, numbers come twice, and
`event_uuid` may be anything at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from twitter_sync.payloads.gathering import LONGEST_REASON, Gathering, one_or_many
from twitter_sync.payloads.messages import read_encrypted, read_older_message
from twitter_sync.payloads.people import read_people
from twitter_sync.payloads.posts import read_included, read_post
from twitter_sync.payloads.reading import (
    Record,
    Unreadable,
    optional_id,
    optional_moment,
    optional_record,
    record,
    text,
    x_id,
)
from twitter_sync.payloads.records import Event, PostDeletion, Revocation, Signal, Unknown

MESSAGES = {"dm.received", "dm.sent"}
ENCRYPTED = {"chat.received", "chat.sent"}
QUOTE = "post.quote.create"
POSTS = {"post.create", "post.mention.create", "post.reply.create", QUOTE}
REPOST = "post.repost.create"
# How kinds begin that an inbox has nothing to do with.
SIGNALS = (
    "dm.read",
    "dm.indicate_typing",
    "chat.conversation",
    "chat.update.",
    "follow.",
    "block.",
    "mute.",
    "like.",
    "profile.update.",
    "spaces.",
    "broadcast.",
    "news.",
)


def read_activity(body: Record, found: Gathering) -> None:
    for element in one_or_many(body["data"]):
        try:
            read_event(record(element, "an event"), found)
        except Unreadable as error:
            found.unreadable.append(str(error)[:LONGEST_REASON])


def read_event(event: Record, found: Gathering) -> None:
    kind = text(event.get("event_type"))[:40]
    payload = record(event.get("payload"), f"payload of {kind or 'an event'}")
    for_user_id = optional_id(optional_record(event.get("filter")).get("user_id"))
    includes = optional_record(event.get("includes"))
    found.people |= read_people(payload.get("users"), includes.get("users"))
    if kind in MESSAGES:
        messages = payload.get("direct_message_events")
        if not messages:  # told in a form that nobody knows: to be set aside, not passed over
            raise Unreadable(f"direct_message_events of {kind} are missing")
        found.read_each(kind, messages, lambda one: read_older_message(one, for_user_id))
    else:
        found.read_one(kind, payload, reader_of(kind, for_user_id, includes))
    if kind in POSTS:
        found.read_context(read_included(includes), lambda one: read_post(one, includes))


def reader_of(kind: str, for_user_id: str | None, includes: Record) -> Callable[[Record], Event]:
    if kind == QUOTE:
        return lambda payload: replace(
            read_post(payload, includes, for_user_id), quotes_user_id=for_user_id
        )
    if kind in POSTS:
        return lambda payload: read_post(payload, includes, for_user_id)
    if kind == REPOST:
        return lambda payload: replace(read_post(payload, includes, for_user_id), is_repost=True)
    if kind in ENCRYPTED:
        return lambda payload: read_encrypted(payload, for_user_id)
    if kind == "post.delete":
        return lambda payload: read_deletion(payload, for_user_id)
    if kind == "oauth.revoke":
        return lambda payload: Revocation(x_id(payload.get("user_id"), "user_id"))
    if kind.startswith(SIGNALS):
        return lambda _: Signal(for_user_id, kind)
    return lambda _: Unknown(for_user_id, kind or "event without a type")


def read_deletion(payload: Record, for_user_id: str | None) -> PostDeletion:
    post_id = x_id(payload.get("id"), "id of a deleted post")
    return PostDeletion(for_user_id, post_id, optional_moment(payload.get("timestamp_ms")))
