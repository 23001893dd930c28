"""From the bytes that X sends to typed records, whatever the product, shape and vocabulary.

    delivery = parse(raw)
    delivery.events, delivery.people, delivery.unreadable

Knows nothing of our database. The shapes are those of X's documents and of live captures.
"""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.account_activity import read_account_activity
from twitter_sync.payloads.activity import read_activity
from twitter_sync.payloads.gathering import Gathering, one_or_many
from twitter_sync.payloads.messages import conversation_between
from twitter_sync.payloads.pages import read_page
from twitter_sync.payloads.reading import (
    Record,
    Unreadable,
    json_record,
    optional_id,
    optional_record,
    text,
    x_id,
)
from twitter_sync.payloads.records import (
    Delivery,
    DirectMessage,
    EncryptedMessage,
    Event,
    Media,
    Post,
    PostDeletion,
    Profile,
    ReplayEnd,
    Revocation,
    Signal,
    Unknown,
)

__all__ = [
    "Delivery",
    "DirectMessage",
    "EncryptedMessage",
    "Event",
    "Media",
    "Post",
    "PostDeletion",
    "Profile",
    "ReplayEnd",
    "Revocation",
    "Signal",
    "Unknown",
    "Unreadable",
    "addressee",
    "conversation_between",
    "parse",
]


def parse(raw: bytes) -> Delivery:
    """Everything in `raw`, each element for itself. Raises Unreadable for what isn't an object."""
    body, found = json_record(raw), Gathering()
    if "replay_job_status" in body:
        found.read_one("replay_job_status", body["replay_job_status"], read_replay_end)
    elif is_activity(body):
        read_activity(body, found)
    elif is_page(body):
        read_page(body, found)
    else:
        read_account_activity(body, found)
    return found.delivery()


def addressee(body: Any) -> str:
    """At a glance, and of anything at all: the account, by id, that X tells a push to; "" where it
    says none, and of a body for several the first."""
    source = optional_record(body)
    first = next(iter(one_or_many(source.get("data"))), None)
    named = optional_record(optional_record(first).get("filter")).get("user_id")
    return optional_id(source.get("for_user_id")) or optional_id(named) or ""


def is_activity(body: Record) -> bool:
    return any(
        isinstance(event, dict) and ("payload" in event or "event_uuid" in event)
        for event in one_or_many(body.get("data"))
    )


def is_page(body: Record) -> bool:
    return bool({"data", "meta", "includes", "errors"} & body.keys())


def read_replay_end(status: Record) -> ReplayEnd:
    """X's own words for how a replay went: it is the last delivery of the job."""
    return ReplayEnd(
        job_id=x_id(status.get("job_id"), "job_id"),
        is_complete=text(status.get("job_state")).casefold() == "complete",
        words=text(status.get("job_state_description"))[:300],
    )
