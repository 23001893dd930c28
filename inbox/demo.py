"""What the demo needs so that its day has a past: deeds moved to when the story says.

The deeds themselves are done by the actions, like everyone's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import User
from inbox.models import Contact, Conversation, ConversationEvent, Message

Kind = ConversationEvent.Kind


@contextmanager
def done_at(conversation: Conversation, moment: datetime) -> Iterator[None]:
    """Whatever is done to a locked conversation in the block was done at `moment`."""
    began = timezone.now()
    yield
    conversation.events.filter(created_at__gte=began).update(created_at=moment)
    conversation.notes.filter(created_at__gte=began).update(created_at=moment)
    conversation.assignments.filter(started_at__gte=began).update(started_at=moment)
    conversation.assignments.filter(ended_at__gte=began).update(ended_at=moment)
    Conversation.objects.filter(pk=conversation.pk, resolved_at__gte=began).update(
        resolved_at=moment
    )


def date_history_by_messages(conversation: Conversation) -> None:
    """What messages did to the conversation happened when they were sent, not when they came."""
    sent_at = Message.objects.filter(pk=OuterRef("message")).values("sent_at")
    of_messages = conversation.events.filter(message__isnull=False)
    of_messages.update(created_at=Subquery(sent_at))
    first = conversation.messages.in_order().first()
    if first is None:
        return
    conversation.events.filter(kind=Kind.OPENED).update(created_at=first.sent_at, message=first)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=first.sent_at)
    met = Contact.objects.filter(pk=conversation.contact_id, first_seen_at__gt=first.sent_at)
    met.update(first_seen_at=first.sent_at)


def credit(message: Message, *, to: User, client_key: UUID) -> None:
    """An answer that came in as sent in X was written here, by `to`."""
    message.author, message.client_key = to, client_key
    message.save(update_fields=["author", "client_key"])
    message.conversation.events.filter(kind=Kind.SENT, message=message).update(actor=to)
