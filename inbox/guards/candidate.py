"""What somebody is about to send, and how a guard stops it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from accounts.models import Role, User
from inbox.models import Conversation, Message, Thread
from inbox.models.message import MessageQuerySet


class Despite(NamedTuple):
    """Why a guard's word is not heeded, and which word: `told` is what the guard's answer had, so
    that what was said of other words overrules nothing.
    """

    why: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`words` as they would be sent, as a whole where that is several `posts`. `answers` is the
    post that a public reply goes under, `seen_through` the last message that its author has seen,
    `in_place_of` the waiting reply whose words these are to be. `despite` says, by the name of a
    guard, why it is sent nevertheless. `alt_texts` has one of each file that goes with it, "" where
    nothing is said of it."""

    thread: Thread
    conversation: Conversation
    by: User
    words: str
    answers: str | None = None
    seen_through: int | None = None
    in_place_of: Message | None = None
    despite: Mapping[str, Despite] = field(default_factory=dict)
    posts: tuple[str, ...] = ()
    alt_texts: Sequence[str] = ()

    @property
    def published(self) -> str:
        """All that there is to be read of it, line by line."""
        return "\n".join([self.words, *filter(None, self.alt_texts)])

    def said_by_us(self) -> MessageQuerySet:
        """What the handle has sent, or is about to, without what this stands in place of."""
        said = Message.objects.not_given_up().filter(
            brand=self.conversation.brand_id, direction=Message.Direction.OUT, kind=self.thread.kind
        )
        return said.exclude(pk=self.in_place_of.pk) if self.in_place_of else said


class Stopped(Exception):
    """A guard has stopped a candidate; its sentence says what to do.

    `guard` names the guard in forms and in history. Whoever has the role `overruled_by` may send
    nevertheless; None: nobody may. With `asks_why` they must give a reason, which is kept.
    `messages` are those that it is about, `told` says of which words it was said
    (`inbox.guards.checking`).
    """

    messages: Sequence[Message] = ()
    told: str = ""
    guard: ClassVar[str]
    overruled_by: ClassVar[Role | None] = None
    asks_why: ClassVar[bool] = True

    @property
    def answer(self) -> str:
        """What the form says for "nevertheless" where no reason is asked."""
        return "yes"

    @property
    def matter(self) -> str:
        """What there is against the words, the same whenever it is said."""
        return str(self)

    def is_met_by(self, despite: Despite) -> bool:
        """Only by whoever was told this of these very words."""
        return bool(despite.why.strip()) and despite.told == self.told

    @property
    def marked(self) -> list[tuple[str, bool]]:
        """The words in pieces, and whether each is to go; empty where that says nothing."""
        return []

    def recorded(self) -> dict[str, str]:
        """What history says of it besides the reason: never the words that were stopped."""
        return {}
