"""Conversations as records for other programs: who said what when, and how long people waited.

Response times count from the first unanswered inbound message to the next answer that X accepted,
in X's order: the first such time is the first response, the others are replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch

from inbox.models import Conversation, Message, Thread
from inbox.models.conversation import ConversationQuerySet

# Rows that are in memory at a time.
AT_ONCE = 500


def transcripts(conversations: ConversationQuerySet) -> Iterator[dict[str, Any]]:
    """One record for each conversation, by number. Takes the same memory for any number of them."""
    told = Message.objects.exclude(external_id=None).in_order()
    rows = conversations.order_by("pk").select_related("brand", "contact")
    rows = rows.prefetch_related(
        Prefetch("threads", Thread.objects.order_by("pk")), Prefetch("messages", told)
    )
    for conversation in rows.iterator(chunk_size=AT_ONCE):
        yield transcript(conversation)


def transcript(conversation: Conversation) -> dict[str, Any]:
    """The record of a conversation whose threads and messages are fetched, in order."""
    messages = list(conversation.messages.all())
    waits = response_seconds(messages)
    return {
        "number": conversation.number,
        "brand": conversation.brand.handle,
        "contact": conversation.contact.handle or conversation.contact.x_user_id,
        "status": conversation.status,
        "unanswered": conversation.unanswered_since is not None,
        "threads": [
            {"kind": thread.kind, "x_conversation_id": thread.x_conversation_id}
            for thread in conversation.threads.all()
        ],
        "messages": [
            {
                "external_id": message.external_id,
                "direction": message.direction,
                "kind": message.kind,
                "sent_at": iso(message.sent_at),
            }
            for message in messages
        ],
        "first_response_seconds": waits[0] if waits else None,
        "reply_seconds": waits[1:],
    }


def response_seconds(messages: Iterable[Message]) -> list[float]:
    """How long each run of unanswered inbound messages waited for its answer, in seconds."""
    waits: list[float] = []
    since: datetime | None = None
    for message in messages:
        if not message.is_ours:
            since = since or message.sent_at
        elif since is not None and message.state == Message.State.SENT:
            waits.append(round((message.sent_at - since).total_seconds(), 3))
            since = None
    return waits


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
