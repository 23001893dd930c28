"""What the inbox asks about X while it makes a page; who speaks with X registers the answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol

from accounts.models import BrandAccount
from inbox.text.render import as_read


@dataclass(frozen=True, slots=True)
class ContextPost:
    """A public post around a conversation that is no message of it: shown, never counted.

    `state` says how much there is to show: `shown` has words; a `deleted` one and one by a
    `protected` author have none; an `unavailable` one X does not show; an `awaited` one X is still
    asked for. `text` is X's form with its `entities`.
    """

    external_id: str
    sequence: int
    said_at: datetime
    state: Literal["shown", "deleted", "protected", "unavailable", "awaited"]
    author_id: str = ""
    author_handle: str = ""
    author_name: str = ""
    text: str = ""
    entities: dict[str, Any] = field(default_factory=dict)
    is_quoted: bool = False

    @property
    def plain_text(self) -> str:
        return as_read(self.text, self.entities)


@dataclass(frozen=True, slots=True)
class Hole:
    """A time in which more may have been said, in threads of this kind, than anybody here knows.
    Of one that `is_final` X
    shows no more; for others it is still asked."""

    kind: Literal["dm", "public"]
    begins_at: datetime
    ends_at: datetime
    is_final: bool


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many replies X takes in a window, of a handle or, `is_shared`, of all of them together.
    A new window of that `length` begins at `resets_at`."""

    length: timedelta
    allowed: int
    left: int
    resets_at: datetime
    is_shared: bool = False

    @property
    def is_of_a_day(self) -> bool:
        return self.length >= timedelta(days=1)

    def lets_through(self, ahead: int) -> datetime | None:
        """When a reply with so many before it can go; None when that is now."""
        if ahead < self.left:
            return None
        windows = (ahead - self.left) // max(1, self.allowed)
        return self.resets_at + windows * self.length


@dataclass(frozen=True, slots=True)
class Quota:
    """What X lets a handle send of one kind, the shortest window first."""

    allowances: list[Allowance] = field(default_factory=list)

    def send_eta(self, ahead: int) -> datetime | None:
        """When a reply with so many before it goes, as far as is known; None: at once."""
        waits = [one.lets_through(ahead) for one in self.allowances]
        return max((wait for wait in waits if wait), default=None)

    @property
    def window(self) -> Allowance | None:
        return next((one for one in self.allowances if not one.is_of_a_day), None)

    @property
    def day(self) -> Allowance | None:
        """The one of which least is left."""
        days = [one for one in self.allowances if one.is_of_a_day]
        return min(days, key=lambda one: one.left, default=None)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """X forbade a private message: in its words, and when."""

    reason: str
    at: datetime


Account = Literal["there", "suspended", "gone"]


@dataclass(frozen=True, slots=True)
class Reach:
    """What X last said of a person to a handle: whether they take its direct messages (None: it did
    not say), and whether their account is there. `is_to_be_asked`: that is long ago."""

    takes_dms: bool | None = None
    account: Account = "there"
    said_at: datetime | None = None
    is_to_be_asked: bool = False


class Channel(Protocol):
    """Answers from what is known here: nothing of it may call X."""

    def begun_by(self, x_conversation_ids: Collection[str]) -> dict[str, str]:
        """Who began each public conversation, by X's user id; unknown ones are left out.

        One query for any number.
        """

    def context_of(self, posts: Collection[str], answered: Collection[str]) -> list[ContextPost]:
        """What `posts` hang on: `answered`, which they answer, everything above that up to the
        root, and what they quote; without `posts` themselves. The newest few, oldest first.

        One query for any number.
        """

    def holes(
        self, brand_id: int, kinds: Collection[str], *, since: datetime, until: datetime
    ) -> list[Hole]:
        """What may be missing of threads of these kinds between two moments, the oldest first.

        One query for any number.
        """

    def dm_link(self, x_user_id: str, words: str) -> str:
        """The address at which whoever opens it writes to that person in private, begun with
        `words`. X shows it in a post as a button."""

    def price_of_link(self) -> Decimal:
        """What X bills for a post with a link, in dollars. One query."""

    def quota(self, brand: BrandAccount, kinds: Collection[str]) -> dict[str, Quota]:
        """What X lets a handle send now, by kind of message. One query for any number."""

    def can_message(self, brand_id: int, contact_id: int) -> Forbidden | None:
        """None, unless X forbade the brand's last private message to the person, who has not
        written in private since. Two queries."""

    def reach(self, brand_id: int, contact_id: int) -> Reach:
        """What X last said of the person to the brand. One query."""

    def can_answer(self, brand: BrandAccount, posts: Collection[str]) -> dict[str, str]:
        """Why X takes no answer from the brand to each of these posts. Those that it takes one to,
        and those that we know too little of, are left out. Two queries for any number.
        """


class Nobody:
    """Before anyone has registered: nothing is known."""

    def begun_by(self, x_conversation_ids: Collection[str]) -> dict[str, str]:
        return {}

    def context_of(self, posts: Collection[str], answered: Collection[str]) -> list[ContextPost]:
        return []

    def holes(
        self, brand_id: int, kinds: Collection[str], *, since: datetime, until: datetime
    ) -> list[Hole]:
        return []

    def dm_link(self, x_user_id: str, words: str) -> str:
        return ""

    def price_of_link(self) -> Decimal:
        return Decimal(0)

    def quota(self, brand: BrandAccount, kinds: Collection[str]) -> dict[str, Quota]:
        return {}

    def can_message(self, brand_id: int, contact_id: int) -> Forbidden | None:
        return None

    def reach(self, brand_id: int, contact_id: int) -> Reach:
        return Reach()

    def can_answer(self, brand: BrandAccount, posts: Collection[str]) -> dict[str, str]:
        return {}


_registered: Channel = Nobody()


def register(channel: Channel) -> None:
    global _registered
    _registered = channel


def channel() -> Channel:
    return _registered
