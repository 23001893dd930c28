"""What the demo needs so that its day has a past: deeds moved to when the story says.

The deeds themselves are done by the actions, like everyone's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery

from accounts import clock
from accounts.models import User
from inbox.models import Contact, Conversation, ConversationEvent, Message

Kind = ConversationEvent.Kind


@contextmanager
def done_at(conversation: Conversation, moment: datetime) -> Iterator[None]:
    """Whatever is done to a locked conversation in the block was done at `moment`."""
    began = clock.now()
    yield
    conversation.events.filter(created_at__gte=began).update(created_at=moment)
    conversation.notes.filter(created_at__gte=began).update(created_at=moment)
    conversation.assignments.filter(started_at__gte=began).update(started_at=moment)
    conversation.assignments.filter(ended_at__gte=began).update(ended_at=moment)
    Conversation.objects.filter(pk=conversation.pk, resolved_at__gte=began).update(
        resolved_at=moment
    )


def has_its_past(conversation: Conversation) -> bool:
    """`give_it_its_past` was here already."""
    first = conversation.messages.in_order().first()
    return first is None or conversation.created_at <= first.sent_at


def give_it_its_past(conversation: Conversation) -> None:
    """What messages did happened when they were sent, not when they came in."""
    first = conversation.messages.in_order()[0]
    Conversation.objects.filter(pk=conversation.pk).update(created_at=first.sent_at)
    sent_at = Message.objects.filter(pk=OuterRef("message")).values("sent_at")
    of_messages = conversation.events.filter(message__isnull=False)
    of_messages.update(created_at=Subquery(sent_at))
    conversation.events.filter(kind=Kind.OPENED).update(created_at=first.sent_at, message=first)
    met = Contact.objects.filter(pk=conversation.contact_id, first_seen_at__gt=first.sent_at)
    met.update(first_seen_at=first.sent_at)


def credit(answer: Message, *, to: User, client_key: UUID) -> None:
    """The answer, which came in as sent in X, was written here by `to`."""
    answer.author, answer.client_key = to, client_key
    answer.save(update_fields=["author", "client_key"])
    ConversationEvent.objects.filter(kind=Kind.SENT, message=answer).update(actor=to)
