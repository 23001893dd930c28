"""Chains: a public answer in several posts, each of which answers the one before it.

The parts are messages like others, queued together. One goes when X has accepted the one before;
until then it waits, whatever became of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from uuid import UUID, uuid5

from inbox.models import ChainPart, Message
from inbox.text.chain import Part


def key_of(client_key: UUID, part: Part) -> UUID:
    """The first part has the key of the whole; the others' follow from it, so that the same request
    again is the same chain."""
    return client_key if part.number == 1 else uuid5(client_key, str(part.number))


def link_parts(messages: Sequence[Message], parts: Sequence[Part]) -> None:
    """Makes queued messages, in their order, the parts that they are. One alone is no chain."""
    if len(parts) == 1:
        return
    before = [None, *messages[:-1]]
    ChainPart.objects.bulk_create(
        ChainPart(
            message=message, before=previous, number=part.number, of=part.of, joint=part.joint
        )
        for message, previous, part in zip(messages, before, parts, strict=True)
    )


def last_of(message: Message) -> Message:
    """The last part of its chain; a message that is no part is its own last."""
    return [message, *after(message)][-1]


def after(message: Message) -> Iterator[Message]:
    """The later parts of its chain, in order: none of what is no part."""
    following = Message.objects.select_related("part")
    while message := following.filter(part__before=message).first():  # type: ignore[assignment]
        yield message


def whole_of(message: Message) -> list[Message]:
    """All parts of its chain, in order; of what is no part, itself."""
    first = message
    while hasattr(first, "part") and first.part.before is not None:
        first = first.part.before
    return [first, *after(first)]


def as_typed(
    messages: Sequence[Message],
    *,
    tail: str = "",
    read: Callable[[Message], str] = attrgetter("plain_text"),
) -> str:
    """What stood in the text that was cut into these, as they `read` now; "" where they are no
    parts."""
    parts = ChainPart.objects.filter(message__in=messages).select_related("message")
    return "".join(
        one.joint + one.words_in(read(one.message), tail=tail) for one in parts.order_by("number")
    )


def stand_behind(message: Message) -> None:
    """The later parts are shown behind the one that got its place among X's ids, or a new one."""
    for distance, part in enumerate(after(message), start=1):
        if part.state in (Message.State.QUEUED, Message.State.FAILED):
            part.sequence = message.sequence + distance
            part.save(update_fields=["sequence"])


def take_up(message: Message) -> None:
    """A part that is about to be sent answers the post before it, under X's id of today."""
    if hasattr(message, "part") and message.part.before is not None:
        message.answers_external_id = message.part.before.external_id
