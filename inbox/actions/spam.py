"""Spam: out of every view but its own, and back as it was.

What comes into a conversation that is spam stays with it, unseen; see `docs/people.md`.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from inbox.actions.recording import keep, record
from inbox.actions.status import checked
from inbox.models import Conversation, ConversationEvent

Kinds = ConversationEvent.Kind


def mark_spam(conversation: Conversation, *, by: User, version: int | None = None) -> Conversation:
    """Takes a conversation out of the way. `version` is what `by` saw; raises ChangedMeanwhile."""
    return put(conversation, True, Kinds.MARKED_SPAM, by=by, version=version)


def unmark_spam(
    conversation: Conversation, *, by: User, version: int | None = None
) -> Conversation:
    """Brings it back with the status and the assignee that it has."""
    return put(conversation, False, Kinds.UNMARKED_SPAM, by=by, version=version)


@transaction.atomic
def put(
    conversation: Conversation,
    is_spam: bool,
    kind: ConversationEvent.Kind,
    *,
    by: User,
    version: int | None,
) -> Conversation:
    current = checked(conversation, by=by, version=version)
    if current.is_spam == is_spam:
        return current
    current.is_spam = is_spam
    keep(current, "is_spam", what="status")
    record(current, kind, by=by, before={"is_spam": not is_spam}, after={"is_spam": is_spam})
    return current
