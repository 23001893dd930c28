"""Noticing that polling found what X should have pushed: one row for each such message.

Counted is what a subscription that X had granted by then should have brought, and what nothing
else had. A push that comes within GRACE of what it tells was merely overtaken by the poll.
"""

from __future__ import annotations

from functools import singledispatch

from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync.models import MissedPush, RawEvent, Subscription
from twitter_sync.models.missed_push import GRACE
from twitter_sync.payloads import DirectMessage, Event, Post


def notice(message: Message, event: Event, row: RawEvent) -> None:
    """`message` is what `event` in `row` was received as."""
    if row.source == RawEvent.Source.POLL and message.is_new:
        note_missed(message, event, row)
    elif row.source in RawEvent.PUSHED and not message.is_new:
        in_time = MissedPush.objects.filter(message=message, said_at__gt=row.received_at - GRACE)
        in_time.delete()


def note_missed(message: Message, event: Event, row: RawEvent) -> None:
    event_type = event_type_of(event, message.brand)
    granted = Subscription.objects.active().filter(
        brand=message.brand_id, event_type=event_type, granted_at__lt=message.sent_at
    )
    if event_type and granted.exists():
        MissedPush.objects.get_or_create(
            message=message,
            defaults={
                "brand": message.brand,
                "event_type": event_type,
                "said_at": message.sent_at,
                "found_at": row.received_at,
            },
        )


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
