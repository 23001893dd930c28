"""Nothing is queued that X is known to refuse."""

from __future__ import annotations

from accounts.models import Role
from inbox.guards.candidate import Candidate, Stopped
from inbox.models import Message
from inbox.reach import ENCRYPTED, why_unanswerable


class Encrypted(Stopped):
    """The thread is encrypted: whoever wrote in it last can't be answered from here."""

    guard = "encrypted"

    def __init__(self) -> None:
        super().__init__(ENCRYPTED)


class Unanswerable(Stopped):
    """X's gate is shut for the post, as far as we know; X has the last word."""

    guard = "gate"
    overruled_by = Role.AGENT
    asks_why = False

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Answer another post, or write privately.")


def stop_unreachable(candidate: Candidate) -> None:
    """Raises Encrypted, Unanswerable."""
    if not candidate.thread.is_public:
        last = candidate.thread.messages.incoming().order_by("-sequence").first()
        if last is not None and last.transport == Message.Transport.XCHAT:
            raise Encrypted
    elif candidate.answers:
        why = why_unanswerable(candidate.conversation, [candidate.answers])
        if candidate.answers in why:
            raise Unanswerable(why[candidate.answers])
