"""What was said before the team answered here: shown in full, but nobody is asked to answer it all.

A handle comes with weeks of messages. Whoever wrote in the last days before it was connected still
waits, and is in the queue with their true waiting time. What is older arrives as resolved: a queue
that begins with a month of it would hide who can still be helped. All of it follows from the times
of the messages alone, so the order in which the past arrives changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import BrandAccount
from inbox.models import Conversation, Message

Status = Conversation.Status
# So long before the team began an answer was still owed.
STILL_OWED = timedelta(days=7)


def owed_from(conversation: Conversation) -> datetime | None:
    """Messages from before this moment ask for no answer; None where all do.

    Once the team has resolved a conversation, nothing of the past opens it again.
    """
    since: datetime | None = conversation.brand.answers_since
    if since is None or conversation.resolved_through:
        return since
    return since - STILL_OWED


def may_reopen(conversation: Conversation, message: Message) -> bool:
    """What was said before the team began undoes nothing that it has put away since."""
    since = conversation.brand.answers_since
    if since is None or message.sent_at >= since:
        return True
    if conversation.status == Status.WAITING:
        return conversation.unanswered_since is None
    return conversation.status != Status.SNOOZED


def is_past(conversation: Conversation) -> bool:
    """Its last word is older than any that the team still owes an answer to."""
    since = conversation.brand.answers_since
    return since is not None and conversation.last_activity_at < since - STILL_OWED


def was_put_away(conversation: Conversation) -> bool:
    """Resolved because of its age, and by nobody."""
    return conversation.status == Status.RESOLVED and conversation.resolved_through is None


def put_away(conversation: Conversation) -> None:
    """The caller saves."""
    conversation.status = Status.RESOLVED
    conversation.resolved_at = conversation.brand.answers_since


def oldest_owed(brand: BrandAccount) -> datetime | None:
    """What came in as history from before this moment arrived as resolved."""
    return brand.answers_since - STILL_OWED if brand.answers_since else None
