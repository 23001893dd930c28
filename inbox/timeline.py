"""What the thread pane shows: messages, notes and lines of history in one order of time.

Pages go backwards by X's order of the messages; notes and history stand between them by our clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from inbox.models import Conversation, ConversationEvent, Message, Note

PAGE_SIZE = 50
# What the messages and notes themselves say needs no line of its own.
TOLD_BY_ITEMS = (
    ConversationEvent.Kind.NOTED,
    ConversationEvent.Kind.REPLIED,
    ConversationEvent.Kind.SENT,
)


@dataclass(frozen=True, slots=True)
class Item:
    kind: Literal["message", "note", "event"]
    at: datetime
    row: Message | Note | ConversationEvent


@dataclass(frozen=True, slots=True)
class Timeline:
    """`before` is the sequence from which older messages are asked for, None at the beginning."""

    items: list[Item]
    before: int | None


def timeline(
    conversation: Conversation, *, before: int | None = None, size: int = PAGE_SIZE
) -> Timeline:
    """The newest `size` messages (older than the sequence `before`), with what stands between."""
    messages = page_of_messages(conversation, before, size + 1)
    more = len(messages) > size
    messages = messages[:size]
    since = messages[-1].sent_at if more else None
    until = upper_bound(conversation, before)
    items = [Item("message", message.sent_at, message) for message in messages]
    items += [Item("note", note.created_at, note) for note in notes(conversation, since, until)]
    items += [
        Item("event", moment_of(event), event) for event in events(conversation, since, until)
    ]
    items.sort(key=position)
    return Timeline(items, messages[-1].sequence if more else None)


def moment_of(event: ConversationEvent) -> datetime:
    """Our clock, but for the opening, which stands before the message that opened."""
    if event.kind == ConversationEvent.Kind.OPENED and event.message is not None:
        return event.message.sent_at
    return event.created_at


def position(item: Item) -> tuple[datetime, int]:
    """At the same moment: the opening, then messages in X's order, then notes and other lines."""
    if isinstance(item.row, Message):
        return item.at, item.row.sequence
    opens = isinstance(item.row, ConversationEvent) and item.row.kind == item.row.Kind.OPENED
    return item.at, 0 if opens else 2**63


def page_of_messages(conversation: Conversation, before: int | None, count: int) -> list[Message]:
    messages = conversation.messages.select_related("author", "thread")
    if before is not None:
        messages = messages.filter(sequence__lt=before)
    newest_first = messages.order_by("-sequence", "-id")
    return list(newest_first.prefetch_related("attachments")[:count])


def upper_bound(conversation: Conversation, before: int | None) -> datetime | None:
    if before is None:
        return None
    later = conversation.messages.filter(sequence__gte=before).in_order()
    return later.values_list("sent_at", flat=True).first()


def notes(conversation: Conversation, since: datetime | None, until: datetime | None) -> list[Note]:
    rows = conversation.notes.select_related("author")
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    return list(rows)


def events(
    conversation: Conversation, since: datetime | None, until: datetime | None
) -> list[ConversationEvent]:
    rows = conversation.events.exclude(kind__in=TOLD_BY_ITEMS).select_related(
        "actor", "subject", "message"
    )
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    return list(rows)
