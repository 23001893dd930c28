"""What is found, made into rows that a page can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db.models import Count, OuterRef, Subquery

from accounts.models import User
from inbox.models import Conversation, Message, Note
from inbox.search.matching import Match
from inbox.text.asked import Term
from inbox.text.excerpt import Piece, excerpt

Kind = Literal["number", "person", "message", "note"]
OF_A_ROW = ("conversation__brand", "conversation__contact", "conversation__assignee")


@dataclass(frozen=True, slots=True)
class Hit:
    """One conversation, and in `pieces` what was found in it: its `message` or `note`.

    `newer` messages stand after that one: so many more have to be shown to show it.
    """

    kind: Kind
    conversation: Conversation
    at: datetime
    pieces: list[Piece] = field(default_factory=list)
    message: Message | None = None
    note: Note | None = None
    newer: int = 0


def hits_of_conversations(kind: Kind, user: User, numbers: list[int]) -> list[Hit]:
    """In the order of `numbers`."""
    if not numbers:
        return []
    rows = Conversation.objects.visible_to(user).select_related("brand", "contact", "assignee")
    found = rows.in_bulk(numbers)
    shown = [found[number] for number in numbers if number in found]
    return [Hit(kind, one, one.last_activity_at, [Piece(one.preview)]) for one in shown]


def hits_of_matches(user: User, terms: Sequence[Term], matches: list[Match]) -> list[Hit]:
    """In the order of `matches`."""
    messages = [match.pk for match in matches if match.note_at is None]
    notes = [match.pk for match in matches if match.note_at is not None]
    hits = hits_of_messages(user, messages, terms) + hits_of_notes(user, notes, terms)
    found = {hit.conversation.pk: hit for hit in hits}
    return [found[match.conversation] for match in matches if match.conversation in found]


def hits_of_messages(user: User, pks: list[int], terms: Sequence[Term] = ()) -> list[Hit]:
    if not pks:
        return []
    newer = Message.objects.filter(
        conversation=OuterRef("conversation"), sequence__gt=OuterRef("sequence")
    )
    how_many = newer.order_by().values("conversation").annotate(n=Count("pk")).values("n")
    rows = Message.objects.visible_to(user).filter(pk__in=pks).select_related(*OF_A_ROW)
    return [
        Hit(
            kind="message",
            conversation=message.conversation,
            at=message.sent_at,
            pieces=excerpt(message.plain_text, terms),
            message=message,
            newer=getattr(message, "newer", None) or 0,
        )
        for message in rows.defer("payload").annotate(newer=Subquery(how_many))
    ]


def hits_of_notes(user: User, pks: list[int], terms: Sequence[Term]) -> list[Hit]:
    if not pks:
        return []
    rows = Note.objects.visible_to(user).filter(pk__in=pks).select_related(*OF_A_ROW)
    return [
        Hit(
            kind="note",
            conversation=note.conversation,
            at=note.created_at,
            pieces=excerpt(note.text, terms),
            note=note,
        )
        for note in rows
    ]
