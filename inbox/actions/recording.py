"""What every deed does at its end: keep the change, write history, tell the desks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from inbox import live, rows
from inbox.models import Conversation, ConversationEvent, Message


def locked(conversation: Conversation | int) -> Conversation:
    """The row as it is now, held until the transaction ends.

    Without the assignee: a join made before the wait for the lock would show who it was then.
    """
    pk = conversation if isinstance(conversation, int) else conversation.pk
    rows = Conversation.objects.select_for_update(of=("self",))
    return rows.select_related("brand").get(pk=pk)


def keep(conversation: Conversation, *fields: str, what: str) -> None:
    """Saves `fields`, moves the version and announces. The row must be locked."""
    conversation.version += 1
    conversation.changed_at = timezone.now()
    conversation.save(update_fields=[*fields, "version", "changed_at"])
    live.announce(conversation, what=what)


def keep_each(conversations: Collection[Conversation], *fields: str, what: str) -> None:
    """Likewise for many, in one statement. The rows must be locked."""
    for conversation in conversations:
        conversation.version += 1
        conversation.changed_at = timezone.now()
    rows.update(list(conversations), *fields, "version", "changed_at")
    live.announce(*conversations, what=what)


def record(
    conversation: Conversation,
    kind: ConversationEvent.Kind,
    *,
    by: User | None = None,
    subject: User | None = None,
    message: Message | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> ConversationEvent:
    """`at` is X's time, for what a message of whatever age did; else it happens now."""
    event = line(
        conversation,
        kind,
        by=by,
        subject=subject,
        message=message,
        before=before,
        after=after,
        at=at,
    )
    event.save()
    return event


def line(
    conversation: Conversation,
    kind: ConversationEvent.Kind,
    *,
    by: User | None = None,
    subject: User | None = None,
    message: Message | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> ConversationEvent:
    """A line of history that the caller writes, with others."""
    return ConversationEvent(
        conversation=conversation,
        kind=kind,
        actor=by,
        subject=subject,
        message=message,
        before=before or {},
        after=after or {},
        created_at=at or timezone.now(),
    )
