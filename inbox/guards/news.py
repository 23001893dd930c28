"""Whoever began to answer before something new came is shown it, and decides (trust R17)."""

from __future__ import annotations

from accounts.models import Role
from inbox.guards.candidate import Candidate, Despite, Stopped
from inbox.models import Message


class SomethingNew(Stopped):
    """`messages` is what came since the agent last looked, the oldest first."""

    guard = "news"
    overruled_by = Role.AGENT
    asks_why = False

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        super().__init__(f"{who_wrote(messages)} since you began. Nothing was sent yet.")

    @property
    def answer(self) -> str:
        return str(max(message.pk for message in self.messages))

    def is_met_by(self, despite: Despite) -> bool:
        """Only by whoever was shown all of it, whatever they say now."""
        return despite.why.isdecimal() and int(despite.why) >= int(self.answer)


def who_wrote(messages: list[Message]) -> str:
    ours = [message for message in messages if message.is_ours]
    if not ours:
        return "The customer wrote"
    author = ours[-1].author
    return f"{author.name if author else 'Somebody in X itself'} answered"


def stop_stale(candidate: Candidate) -> None:
    """Raises SomethingNew. One that does not say what its author has seen is not looked at."""
    if candidate.seen_through is None:
        return
    newer = candidate.conversation.messages.filter(pk__gt=candidate.seen_through)
    others = newer.exclude(author=candidate.by).exclude(state=Message.State.CANCELLED)
    if news := list(others.select_related("author").in_order()):
        raise SomethingNew(news)
