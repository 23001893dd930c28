"""What every deed does at its end: keep the change, write history, tell the desks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import clock
from accounts.models import User
from inbox import live, rows
from inbox.models import Conversation, ConversationEvent, Merge, Message, Thread


class MergedAway(Exception):
    """Everything of the conversation is in another one now."""

    def __init__(self, merge: Merge) -> None:
        self.merge = merge
        super().__init__(f"#{merge.source_id} was merged into #{merge.target_id}. Go on there.")


def locked(conversation: Conversation | int) -> Conversation:
    """The row as it is now, held until the transaction ends.

    Without the assignee: a join made before the wait for the lock would show who it was then.
    """
    pk = conversation if isinstance(conversation, int) else conversation.pk
    rows = Conversation.objects.select_for_update(of=("self",))
    return rows.select_related("brand").get(pk=pk)


def locked_around(row: Message | Thread) -> Conversation:
    """The conversation of a message or a thread, held. One from which it was moved while we waited
    is let go again before the next is taken, so that nobody waits in a circle (trust G7).

    Raises DoesNotExist where the row itself is gone.
    """
    while True:
        with transaction.atomic():
            conversation = locked(row.conversation_id)
            row.refresh_from_db(fields=["conversation"])
            if row.conversation_id == conversation.pk:
                return conversation
            transaction.set_rollback(True)


def locked_for_work(conversation: Conversation) -> Conversation:
    """Likewise a conversation that a person does something with. Raises MergedAway."""
    current = locked(conversation)
    check_not_merged(current)
    return current


def check_not_merged(conversation: Conversation) -> None:
    merge = Merge.objects.standing().filter(source=conversation).first()
    if merge is not None:
        raise MergedAway(merge)


def keep(conversation: Conversation, *fields: str, what: str) -> None:
    """Saves `fields`, moves the version and announces. The row must be locked."""
    conversation.version += 1
    conversation.changed_at = clock.now()
    conversation.save(update_fields=[*fields, "version", "changed_at"])
    live.announce(conversation, what=what)


def keep_each(conversations: Collection[Conversation], *fields: str, what: str) -> None:
    """Likewise for many, in one statement. The rows must be locked."""
    for conversation in conversations:
        conversation.version += 1
        conversation.changed_at = clock.now()
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
        created_at=at or clock.now(),
    )
