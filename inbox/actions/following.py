"""What a new message does to its conversation: status, waiting time, the row of the list, history.

Decided in memory, about a conversation in hand; who holds it writes it.
"""

from __future__ import annotations

from inbox.actions.answering import sum_up
from inbox.actions.assignment import hand_over
from inbox.actions.history import is_past, may_reopen, put_away, was_put_away
from inbox.actions.holding import Case
from inbox.actions.recording import line
from inbox.models import Conversation, ConversationEvent, Message

Kinds = ConversationEvent.Kind
Status = Conversation.Status
PUT_AWAY = (Status.RESOLVED, Status.SNOOZED)


def follow(case: Case, message: Message) -> None:
    """Call once the message is part of the case's talk."""
    conversation = case.conversation
    is_new = conversation.message_count == 0
    had_been_put_away, is_let = was_put_away(conversation), may_reopen(conversation, message)
    before = conversation.status
    sum_up(conversation, case.talk)
    reopens = is_let and not message.is_ours and conversation.unanswered_since is not None
    if reopens:
        conversation.status = Status.OPEN
        conversation.snoozed_until = None
    elif is_past(conversation):
        if is_new:
            put_away(conversation)
    elif conversation.unanswered_since is None and (
        conversation.status == Status.OPEN or had_been_put_away
    ):
        conversation.status = Status.WAITING
    write_history(case, message, is_new=is_new, before=before)
    if reopens and before != Status.OPEN and not case.holder_is_on_duty:
        back_to_queue(case)


def back_to_queue(case: Case) -> None:
    """Same assignee as before, unless they no longer work for the brand (design §3)."""
    if case.conversation.assignee_id is not None:
        hand_over(case.conversation, to=None, by=None)


def write_history(case: Case, message: Message, *, is_new: bool, before: str) -> None:
    """A line for what the message itself does not tell: that it brought something back."""
    conversation = case.conversation
    if is_new:
        write_opening(case, message)
    elif message.sent_at < conversation.last_activity_at:
        begin_earlier(case, message)
    if message.is_ours:
        sent = line(
            conversation, Kinds.SENT, by=message.author, message=message, at=message.sent_at
        )
        case.events.append(sent)
    elif before in PUT_AWAY and conversation.status == Status.OPEN:
        reopened = line(
            conversation,
            Kinds.REOPENED,
            message=message,
            before={"status": before},
            after={"status": conversation.status},
        )
        case.events.append(reopened)


def write_opening(case: Case, message: Message) -> None:
    """What arrives as history is opened and put away at once."""
    conversation = case.conversation
    opened = line(conversation, Kinds.OPENED, message=message, at=message.sent_at)
    case.events.append(opened)
    if was_put_away(conversation):
        resolved = line(conversation, Kinds.RESOLVED, after={"status": conversation.status})
        case.events.append(resolved)


def begin_earlier(case: Case, message: Message) -> None:
    """The past comes the newest first: a conversation opened with the first of its messages."""
    if case.began_with is None or message.sent_at < case.began_with.sent_at:
        case.began_with = message
