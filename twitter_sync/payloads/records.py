"""What X tells us, as typed records: the same ones whichever way and in whatever shape it came.

Ids are text. Texts are X's form (`&`, `<`, `>` escaped) without what Postgres cannot hold.
Entities are `{"urls": [...], "mentions": [...], "hashtags": [...]}` as `inbox.text.render` reads
them. `for_user_id` is the account that X tells it to; None in pages that we asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Entities = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as a payload describes them; all but the id may be missing. `tells` names
    the fields besides username and name that the payload speaks of: many only name people."""

    id: str
    username: str = ""
    name: str = ""
    bio: str = ""
    location: str = ""
    is_verified: bool = False
    is_protected: bool = False
    followers: int | None = None
    joined_at: datetime | None = None
    tells: frozenset[str] = frozenset()
    # Of whoever asks X: whether the person takes their direct messages; None where X doesn't say.
    takes_dms: bool | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """`kind` is photo, gif, video or other; `url` may be empty or need our token, `preview_url` is
    the still of a film. Sizes in pixels are 0 where X doesn't tell."""

    key: str
    kind: str
    url: str = ""
    alt_text: str = ""
    preview_url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """`conversation_id` is `smaller-larger` between two people, one number in a group."""

    for_user_id: str | None
    id: str
    sender_id: str
    recipient_id: str | None
    conversation_id: str
    text: str
    created_at: datetime
    entities: Entities = field(default_factory=dict)
    media: tuple[Media, ...] = ()

    @property
    def is_between_two(self) -> bool:
        return "-" in self.conversation_id


@dataclass(frozen=True, slots=True)
class EncryptedMessage:
    """A message of X Chat. `envelope` is what a reader with the keys needs, untouched."""

    for_user_id: str | None
    id: str
    sender_id: str
    conversation_id: str
    created_at: datetime
    envelope: Mapping[str, Any]

    @property
    def is_between_two(self) -> bool:
        return "-" in self.conversation_id


@dataclass(frozen=True, slots=True)
class Post:
    """A public post. `parent_id` is the post that it answers, None when it answers none.

    `answers_user_id` is the author of the parent where X says so, `quotes_user_id` that of the
    quoted post; `conversation_id` is "" in payloads of the older kind. `created_at` falls back to
    the time in the id. A post that its author changed has a new id: `earlier_ids` are those it had
    before, oldest first, `later_ids` those it has had since, where X shows a former form. The
    author's own words begin at `typed_from`: names that X puts before them were not typed; None
    where X doesn't say.
    """

    for_user_id: str | None
    id: str
    author_id: str
    text: str
    created_at: datetime
    conversation_id: str = ""
    parent_id: str | None = None
    answers_user_id: str | None = None
    is_repost: bool = False
    quoted_id: str | None = None
    quotes_user_id: str | None = None
    earlier_ids: tuple[str, ...] = ()
    later_ids: tuple[str, ...] = ()
    typed_from: int | None = None
    entities: Entities = field(default_factory=dict)
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class PostDeletion:
    for_user_id: str | None
    id: str
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A person took our permission back."""

    user_id: str


@dataclass(frozen=True, slots=True)
class ReplayEnd:
    """How a job to send pushes again went, in X's `words`."""

    job_id: str
    is_complete: bool
    words: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Known, and nothing for an inbox: typing, reading, following, liking…"""

    for_user_id: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind that this version does not know. It stays in the ledger."""

    for_user_id: str | None
    kind: str


Event = (
    DirectMessage
    | EncryptedMessage
    | Post
    | PostDeletion
    | Revocation
    | ReplayEnd
    | Signal
    | Unknown
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything in one body: events, who is who, posts told along with them, what X withheld.

    `missing` are ids of posts that X says it will not show. `unreadable` says, for each element
    that could not be parsed, which and why; the others are not held up by it.
    """

    events: tuple[Event, ...] = ()
    people: Mapping[str, Profile] = field(default_factory=dict)
    context: tuple[Post, ...] = ()
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
