"""Noticing that polling found what X should have pushed: one row for each such message.

Counted is what a subscription that X had granted by then should have brought, and what nothing
else had. A push that comes within GRACE of what it tells was merely overtaken by the poll.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import singledispatch
from typing import NamedTuple

from django.db import connection

from accounts.models import BrandAccount
from inbox.actions.receiving import Received
from twitter_sync.models import MissedPush, RawEvent, Subscription
from twitter_sync.models.missed_push import GRACE
from twitter_sync.payloads import DirectMessage, Event, Post

OVERTAKEN = """
DELETE FROM twitter_sync_missedpush missed
USING unnest(%s::bigint[], %s::timestamptz[]) AS pushed (message_id, in_time_from)
WHERE missed.message_id = pushed.message_id AND missed.said_at > pushed.in_time_from
"""


class Heard(NamedTuple):
    """What an event in a row was received as, for a brand."""

    received: Received
    event: Event
    row: RawEvent
    brand: BrandAccount


def notice(heard: Collection[Heard]) -> None:
    """Call with what was received together, in its order."""
    note_missed(
        [one for one in heard if one.row.source == RawEvent.Source.POLL and one.received.is_new]
    )
    pushed = (one for one in heard if one.row.source in RawEvent.PUSHED)
    forget_overtaken([one for one in pushed if not one.received.is_new])


def note_missed(heard: Collection[Heard]) -> None:
    if not heard:
        return
    subscriptions = Subscription.objects.active().filter(brand__in={one.brand for one in heard})
    granted = {(one.brand_id, one.event_type): one.granted_at for one in subscriptions}
    missed = [row_of(one) for one in heard]
    MissedPush.objects.bulk_create(
        [one for one in missed if was_granted(one, granted.get((one.brand_id, one.event_type)))],
        ignore_conflicts=True,
    )


def row_of(heard: Heard) -> MissedPush:
    message = heard.received.message
    return MissedPush(
        message=message,
        brand=heard.brand,
        event_type=event_type_of(heard.event, heard.brand),
        said_at=message.sent_at,
        found_at=heard.row.received_at,
    )


def was_granted(missed: MissedPush, since: datetime | None) -> bool:
    """X should have pushed it: it was subscribed to by then."""
    return since is not None and since < missed.said_at


def forget_overtaken(heard: Collection[Heard]) -> None:
    if heard:
        messages = [one.received.message.pk for one in heard]
        in_time = [one.row.received_at - GRACE for one in heard]
        with connection.cursor() as cursor:
            cursor.execute(OVERTAKEN, [messages, in_time])


@singledispatch
def event_type_of(event: Event, brand: BrandAccount) -> str:
    """The kind of news that tells of it, "" where X tells nothing (reference: x-api §6)."""
    return ""


@event_type_of.register
def of_message(event: DirectMessage, brand: BrandAccount) -> str:
    return "dm.sent" if event.sender_id == brand.x_user_id else "dm.received"


@event_type_of.register
def of_post(event: Post, brand: BrandAccount) -> str:
    if event.author_id == brand.x_user_id:
        return "post.create"
    if event.parent_id and event.answers_user_id == brand.x_user_id:
        return "post.reply.create"
    return "post.mention.create" if names_by_hand(event, brand) else ""


def names_by_hand(post: Post, brand: BrandAccount) -> bool:
    """X pushes a mention that its author typed, none that X put before an answer to others."""
    typed_from = post.typed_from if post.parent_id else 0
    return typed_from is not None and any(
        mention["start"] >= typed_from
        for mention in post.entities.get("mentions", [])
        if mention.get("id") == brand.x_user_id
    )
