"""Who complained in public is answered in public, before or together with the way to private."""

from __future__ import annotations

from accounts.models import Role
from inbox.guards.candidate import Candidate, Stopped
from inbox.models import Message


class UnansweredInPublic(Stopped):
    guard = "public_first"
    overruled_by = Role.AGENT

    def __init__(self) -> None:
        super().__init__(
            "They asked in public, and everyone sees that nobody answered. Answer there first, "
            "or invite them from there."
        )


def stop_whispers(candidate: Candidate) -> None:
    """Raises UnansweredInPublic for a private message in a conversation that began in public and
    has no public word of ours, said or about to be."""
    if candidate.thread.is_public or not candidate.conversation.brand.answers_public_first:
        return
    messages = candidate.conversation.messages
    first = messages.incoming().order_by("sequence").first()
    if first is None or first.kind != Message.Kind.PUBLIC:
        return
    ours = messages.filter(kind=Message.Kind.PUBLIC, direction=Message.Direction.OUT)
    if not ours.not_given_up().exists():
        raise UnansweredInPublic
