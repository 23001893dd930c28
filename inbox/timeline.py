"""What the thread pane shows: messages, notes and lines of history in one order of time, and the
public posts that the messages hang on.

Pages go backwards by X's order of the messages; notes and history stand between them by our clock.
Posts of the context are shown where they stand and counted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Literal

from accounts import clock
from inbox.channel import ContextPost, Hole, channel
from inbox.models import Conversation, ConversationEvent, Message, MessageRevision, Note, Thread

PAGE_SIZE = 50
BEGINNING = datetime.min.replace(tzinfo=UTC)
BEHIND_MESSAGES = 2**63
# What the messages and notes themselves say needs no line of its own.
TOLD_BY_ITEMS = (
    ConversationEvent.Kind.NOTED,
    ConversationEvent.Kind.REPLIED,
    ConversationEvent.Kind.SENT,
)


@dataclass(frozen=True, slots=True)
class Item:
    """`sequence` orders those of the same moment: messages in X's order, then notes and lines."""

    kind: Literal["message", "note", "event", "context", "hole"]
    at: datetime
    row: Message | Note | ConversationEvent | ContextPost | Hole
    sequence: int = BEHIND_MESSAGES


@dataclass(frozen=True, slots=True)
class Timeline:
    """`before` is the sequence from which older messages are asked for, None at the beginning.
    `context` has the posts around the messages by their ids.
    """

    items: list[Item]
    before: int | None
    context: dict[str, ContextPost] = field(default_factory=dict)


def timeline(
    conversation: Conversation, *, before: int | None = None, size: int = PAGE_SIZE
) -> Timeline:
    """The newest `size` messages (older than the sequence `before`), with what stands between."""
    messages = page_of_messages(conversation, before, size + 1)
    more = len(messages) > size
    messages = messages[:size]
    since = messages[-1].sent_at if more else None
    until = upper_bound(conversation, before)
    items = list(in_turn(messages))
    items += [Item("note", note.created_at, note) for note in notes(conversation, since, until)]
    items += [line_of(event) for event in events(conversation, since, until)]
    around = context(conversation, messages)
    items += [
        Item("context", post.said_at, post, post.sequence)
        for post in around
        if since is None or post.said_at >= since
    ]
    items += holes(conversation, messages, since, until)
    items.sort(key=attrgetter("at", "sequence"))
    return Timeline(
        items,
        messages[-1].sequence if more else None,
        {post.external_id: post for post in around},
    )


def context(conversation: Conversation, messages: list[Message]) -> list[ContextPost]:
    """What the public ones hang on; not what is a message of the conversation itself."""
    public = [message for message in messages if message.kind == Message.Kind.PUBLIC]
    if not public:
        return []
    shown = [message.external_id for message in public if message.external_id]
    answered = [message.answers_external_id for message in public if message.answers_external_id]
    around = channel().context_of(shown, answered)
    if not around:
        return []
    own = own_ids(conversation, [post.external_id for post in around])
    return [post for post in around if post.external_id not in own]


def holes(
    conversation: Conversation,
    messages: list[Message],
    since: datetime | None,
    until: datetime | None,
) -> list[Item]:
    """Times in which more may have been said than is shown. One that began before the page stands
    on an older one; before the first message of all there was no conversation."""
    if not messages:
        return []
    first = messages[-1].sent_at
    found = channel().holes(
        conversation.brand_id,
        [kind for kind in Thread.Kind.values if getattr(conversation, f"has_{kind}")],
        since=first,
        until=until or end_of(conversation),
    )
    shown = [hole for hole in found if since is None or hole.begins_at >= since]
    return [Item("hole", max(hole.begins_at, first), hole) for hole in shown]


def end_of(conversation: Conversation) -> datetime:
    """As long as it is under way something may be said in it."""
    return clock.now() if conversation.is_active else conversation.last_activity_at


def own_ids(conversation: Conversation, external_ids: list[str]) -> set[str]:
    """Those that messages of the conversation have or had, on whatever page they are."""
    present = conversation.messages.filter(external_id__in=external_ids)
    former = MessageRevision.objects.filter(
        message__conversation=conversation, external_id__in=external_ids
    )
    ids = present.values_list("external_id").union(former.values_list("external_id"))
    return {str(external_id) for (external_id,) in ids}


def line_of(event: ConversationEvent) -> Item:
    """By our clock, but for the opening, which stands before the message that opened."""
    if event.kind != ConversationEvent.Kind.OPENED:
        return Item("event", event.created_at, event)
    return Item("event", event.message.sent_at if event.message else event.created_at, event, 0)


def in_turn(messages: Iterable[Message]) -> Iterator[Item]:
    """Within a second in X's order: X tells the times of posts in whole ones, and a private message
    of the same second would seem to be the later one."""
    at = BEGINNING
    for sequence, sent_at, message in sorted(placed(messages), key=lambda one: one[:2]):
        is_same_second = at.replace(microsecond=0) == sent_at.replace(microsecond=0)
        at = max(at, sent_at) if is_same_second else sent_at
        yield Item("message", at, message, sequence)


def placed(messages: Iterable[Message]) -> Iterator[tuple[int, datetime, Message]]:
    """Each with its place among X's ids and its time. One of ours that X has not got stands behind
    all that we wrote before it, wherever X puts those."""
    last = (0, BEGINNING)
    for message in sorted(messages, key=attrgetter("pk")):
        place = (message.sequence, message.sent_at)
        if message.is_ours:
            place = place if message.external_id else max(place, last)
            last = max(place, last)
        yield *place, message


def page_of_messages(conversation: Conversation, before: int | None, count: int) -> list[Message]:
    messages = conversation.messages.select_related("author", "thread", "deletion", "part__before")
    if before is not None:
        messages = messages.filter(sequence__lt=before)
    newest_first = messages.order_by("-sequence", "-id")
    return list(newest_first.prefetch_related("attachments__files", "revisions")[:count])


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
