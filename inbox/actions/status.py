"""Where a conversation stands: resolve and reopen, snooze and wake, wait."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts import clock
from accounts.access import require_role
from accounts.models import Role, User
from inbox.actions.recording import keep, locked_for_work, record
from inbox.models import Conversation, ConversationEvent

Status = Conversation.Status
WAKE_BATCH = 200


class ChangedMeanwhile(Exception):
    """The conversation is not what the person saw; `conversation` is what it is now."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        super().__init__("Something happened in this conversation since you looked at it.")


class NotInTheFuture(Exception):
    """A snooze must end later than now."""


@transaction.atomic
def resolve(conversation: Conversation, *, by: User, version: int | None = None) -> Conversation:
    """Closes a conversation: nothing in it needs an answer any more.

    `version` is what `by` saw; a message that came since raises ChangedMeanwhile, so that
    nothing is closed unread.
    """
    current = checked(conversation, by=by, version=version)
    if current.status == Status.RESOLVED:
        return current
    current.resolved_at = clock.now()
    current.resolved_through = current.messages.aggregate(last=Max("id"))["last"] or 0
    current.unanswered_since = None
    return change(current, Status.RESOLVED, ConversationEvent.Kind.RESOLVED, by=by)


@transaction.atomic
def reopen(conversation: Conversation, *, by: User, version: int | None = None) -> Conversation:
    """Makes a resolved, waiting or snoozed conversation open again."""
    current = checked(conversation, by=by, version=version)
    if current.status == Status.OPEN:
        return current
    kinds = ConversationEvent.Kind
    kind = kinds.WOKEN if current.status == Status.SNOOZED else kinds.REOPENED
    return change(current, Status.OPEN, kind, by=by)


@transaction.atomic
def wait(conversation: Conversation, *, by: User, version: int | None = None) -> Conversation:
    """Says that the customer owes the next word."""
    current = checked(conversation, by=by, version=version)
    if current.status == Status.WAITING:
        return current
    return change(current, Status.WAITING, ConversationEvent.Kind.WAITING, by=by)


@transaction.atomic
def snooze(
    conversation: Conversation, *, until: datetime, by: User, version: int | None = None
) -> Conversation:
    """Puts a conversation away until `until`, or until the customer writes."""
    if until <= clock.now():
        raise NotInTheFuture("Choose a time that is still to come.")
    current = checked(conversation, by=by, version=version)
    return change(current, Status.SNOOZED, ConversationEvent.Kind.SNOOZED, by=by, until=until)


def wake_due() -> int:
    """Opens the conversations whose snooze has ended; returns how many."""
    with transaction.atomic():
        due = Conversation.objects.select_for_update(skip_locked=True).filter(
            status=Status.SNOOZED, snoozed_until__lte=clock.now()
        )[:WAKE_BATCH]
        for conversation in due:
            change(conversation, Status.OPEN, ConversationEvent.Kind.WOKEN, by=None)
    return len(due)


def checked(conversation: Conversation, *, by: User, version: int | None) -> Conversation:
    require_role(by, conversation.brand_id, Role.AGENT)
    current = locked_for_work(conversation)
    if version is not None and version != current.version:
        raise ChangedMeanwhile(current)
    return current


def change(
    conversation: Conversation,
    status: Status,
    kind: ConversationEvent.Kind,
    *,
    by: User | None,
    until: datetime | None = None,
) -> Conversation:
    """Moves a locked conversation to `status` and writes the line of history."""
    before = conversation.status
    conversation.status = status
    conversation.snoozed_until = until
    keep(
        conversation,
        "status",
        "snoozed_until",
        "resolved_at",
        "resolved_through",
        "unanswered_since",
        what="status",
    )
    after = {"status": status} | ({"until": until.isoformat()} if until else {})
    record(conversation, kind, by=by, before={"status": before}, after=after)
    return conversation
