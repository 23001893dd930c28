"""What somebody said, as X tells it: the form in which messages come to the inbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from accounts.models import BrandAccount
from inbox.actions.contacts import Person
from inbox.sequence import moment_of


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or film as X tells of it; `preview_url` is the still of a film, sizes are 0 where
    X doesn't say."""

    kind: str
    media_key: str
    source_url: str = ""
    alt_text: str = ""
    preview_url: str = ""
    width: int = 0
    height: int = 0


class Name(NamedTuple):
    """What X calls a message: the key of the fact."""

    brand_id: int
    kind: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message as X tells it. `text` is X's escaped form, `sequence` X's id as a number.

    `customer` is the other side of the conversation, also where the brand is the author. Where its
    author changed it, `earlier_ids` are the ids that it had before, oldest first.
    """

    kind: str
    transport: str
    direction: str
    external_id: str
    x_conversation_id: str
    sequence: int
    customer: Person
    text: str
    sent_at: datetime
    entities: dict[str, Any] = field(default_factory=dict)
    answers_external_id: str | None = None
    earlier_ids: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    payload: dict[str, Any] | None = None


class Told(NamedTuple):
    """An utterance, to the brand that it is a message of."""

    brand: BrandAccount
    utterance: Utterance

    def names(self) -> Iterator[Name]:
        """What X calls it, and called it before it was changed."""
        for external_id in (self.utterance.external_id, *self.utterance.earlier_ids):
            yield Name(self.brand.pk, self.utterance.kind, external_id)


def at_first_form(utterance: Utterance) -> Utterance:
    """A changed message stands where it first stood, also when that form was never told."""
    if not utterance.earlier_ids:
        return utterance
    first = int(utterance.earlier_ids[0])
    return replace(utterance, sequence=first, sent_at=moment_of(first))
