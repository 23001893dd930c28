"""Taking back what waits to be sent, and giving up what did not get to X."""

from __future__ import annotations

from django.db import transaction

from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.chaining import whole_of
from inbox.actions.enclosing import take_out
from inbox.actions.recording import locked_around, record
from inbox.actions.replies import refresh
from inbox.actions.retrying import is_retryable
from inbox.models import ConversationEvent, Message

WHAT_CAME_FIRST = {
    Message.State.RECEIVED: "It is theirs, not ours.",
    Message.State.SENDING: "It is on its way to X already.",
    Message.State.UNCERTAIN: "X may have it already, and has not said so yet.",
    Message.State.SENT: "X has it already.",
    Message.State.FAILED: "It failed meanwhile: nothing of it was sent.",
    Message.State.CANCELLED: "It was taken back meanwhile: nothing of it was sent.",
}


class TooLate(Exception):
    """It waits no longer, for what has become of it came first."""

    def __init__(self, message: Message) -> None:
        super().__init__(WHAT_CAME_FIRST[Message.State(message.state)])


@transaction.atomic
def cancel(message: Message, *, by: User, to_edit: bool = False) -> Message.State | None:
    """Takes back what is queued, gives up what failed or stayed unconfirmed. Returns the state that
    it was taken from; None where somebody had done so before. Raises TooLate.

    Of a chain everything goes that is not out yet: no part of it follows one that was given up.
    The files of what waits, or was refused and is `to_edit`, are of the next reply. Should X have
    taken an unconfirmed one after all, its echo still settles it.
    """
    require_role(by, message.brand_id, Role.AGENT)
    conversation = locked_around(message)
    message.refresh_from_db()
    if message.state == Message.State.CANCELLED:
        return None
    if message.state != Message.State.QUEUED and not is_retryable(message):
        raise TooLate(message)
    taken_from = Message.State(message.state)
    for one in [message, *waiting_with(message)]:
        before = one.state
        one.state = Message.State.CANCELLED
        one.save(update_fields=["state"])
        if before == Message.State.QUEUED or (to_edit and before == Message.State.FAILED):
            take_out(one, by=by)
        record(
            conversation,
            ConversationEvent.Kind.CANCELLED,
            by=by,
            message=one,
            before={"state": before},
            after={"state": one.state},
        )
    refresh(conversation)
    ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)
    return taken_from


def waiting_with(message: Message) -> list[Message]:
    """The other parts of its chain that are queued or were refused."""
    states = (Message.State.QUEUED, Message.State.FAILED)
    return [one for one in whole_of(message) if one.pk != message.pk and one.state in states]
