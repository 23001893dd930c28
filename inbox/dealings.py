"""Everything between a person and the brands of whoever looks, in one line of time: what was said
in private and in public, in whichever conversation, and the handles that they had meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from inbox.actions.answering import preview_of
from inbox.models import Attachment, Contact, ContactHandle, Message

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Said:
    """A message, with as much of its words as a line holds."""

    message: Message
    words: str

    @property
    def at(self) -> datetime:
        return self.message.sent_at


@dataclass(frozen=True, slots=True)
class Renamed:
    """The person was first seen with that handle."""

    seen: ContactHandle

    @property
    def at(self) -> datetime:
        return self.seen.first_seen_at


@dataclass(frozen=True, slots=True)
class Dealings:
    """The newest first. `before` is the sequence from which older ones are asked for, None where
    there are none."""

    lines: list[Said | Renamed]
    before: int | None


def dealings(
    user: User, contact: Contact, *, before: int | None = None, size: int = PAGE_SIZE
) -> Dealings:
    """Of brands that `user` does not work on there is nothing. Two queries, however much."""
    messages = newest(user, contact, before, size + 1)
    shown = messages[:size]
    has_more = len(messages) > size
    lines: list[Said | Renamed] = [Said(message, words_of(message)) for message in shown]
    since = shown[-1].sent_at if has_more else None
    until = shown[0].sent_at if shown and before is not None else None
    lines += [Renamed(seen) for seen in handles(contact, since, until)]
    lines.sort(key=lambda line: line.at, reverse=True)
    return Dealings(lines, shown[-1].sequence if has_more else None)


def newest(user: User, contact: Contact, before: int | None, count: int) -> list[Message]:
    said = Message.objects.visible_to(user).filter(conversation__contact=contact)
    if before is not None:
        said = said.filter(sequence__lt=before)
    has_media = Exists(Attachment.objects.filter(message=OuterRef("pk")))
    told = said.exclude(state=Message.State.CANCELLED).annotate(**{"has_media": has_media})
    told = told.select_related("brand", "author").defer("payload")
    return list(told.order_by("-sequence", "-id")[:count])


def words_of(message: Message) -> str:
    return preview_of(message, has_media=getattr(message, "has_media", False))


def handles(
    contact: Contact, since: datetime | None, until: datetime | None
) -> list[ContactHandle]:
    seen = contact.handles.all()
    if since is not None:
        seen = seen.filter(first_seen_at__gte=since)
    if until is not None:
        seen = seen.filter(first_seen_at__lt=until)
    return list(seen)
