"""A message that its author changed: a new form under a new id, and still one message.

It stands where its first form stood, says what its newest says, and answers to every id that it
ever had. Whichever form arrives first, the result is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import BrandAccount
from inbox.actions.answering import SUMMARY, summarise
from inbox.actions.attaching import keep_media
from inbox.actions.recording import keep
from inbox.models import Conversation, Message, MessageRevision
from inbox.sequence import moment_of
from inbox.text.plain import storable
from inbox.utterance import Name, Utterance

# Everything that is asked for at once; a message under its own id comes before one that had it.
FIND = """
SELECT message.*, asked.external_id AS asked_id
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS asked (brand_id, kind, external_id)
JOIN inbox_message message USING (brand_id, kind, external_id)
UNION ALL
SELECT message.*, asked.external_id
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS asked (brand_id, kind, external_id)
JOIN inbox_messagerevision former USING (brand_id, kind, external_id)
JOIN inbox_message message ON message.id = former.message_id
"""


def find_all(names: Iterable[Name]) -> dict[Name, Message]:
    """The messages that have these ids, or had them before they were changed; in one query."""
    brands, kinds, ids = [list(column) for column in zip(*set(names), strict=True)] or [[], [], []]
    found: dict[Name, Message] = {}
    for message in Message.objects.raw(FIND, [brands, kinds, ids, brands, kinds, ids]):
        asked_id: str = message.asked_id  # type: ignore[attr-defined]  # of its query
        found.setdefault(Name(message.brand_id, message.kind, asked_id), message)
    return found


def find(brand: BrandAccount, kind: str, external_ids: Iterable[str]) -> Message | None:
    """The message that has one of the ids, or had it before it was changed."""
    found = find_all(Name(brand.pk, kind, external_id) for external_id in external_ids)
    return next(iter(found.values()), None)


def revise(conversation: Conversation, known: Message, utterance: Utterance) -> Message:
    """A form of a message of a locked conversation: a newer one, or one from before."""
    message = conversation.messages.get(pk=known.pk)
    if message.deleted_at is not None:
        keep_former(message, [utterance.external_id, *utterance.earlier_ids])
    elif message.external_id in utterance.earlier_ids:
        change(message, utterance)
        summarise(conversation)
        keep(conversation, *SUMMARY, what="message")
    elif keep_words(message, utterance.external_id, storable(utterance.text), utterance.entities):
        keep(conversation, what="message")
    return message


def change(message: Message, utterance: Utterance) -> None:
    """The newer form takes the place of the present one, which is kept beside it."""
    keep_words(message, message.external_id or "", message.text, message.entities)
    keep_former(message, utterance.earlier_ids)
    message.external_id = utterance.external_id
    message.text, message.entities = storable(utterance.text), utterance.entities
    message.save(update_fields=["external_id", "text", "entities"])
    still_there = [media.media_key for media in utterance.media]
    message.attachments.exclude(media_key__in=still_there).delete()
    keep_media(message, utterance)


def ids_of(message: Message) -> list[str]:
    """Every id that the message has had."""
    former = message.revisions.values_list("external_id", flat=True)
    return [*former, message.external_id or ""]


def position_of(external_id: str) -> int:
    """X's ids are numbers in the order of time (`inbox.sequence`)."""
    return int(external_id)


def keep_former(message: Message, external_ids: Iterable[str]) -> None:
    """Ids that the message had before; their words may be told later, or never."""
    if former := former_ids(message, external_ids):
        MessageRevision.objects.bulk_create(former, ignore_conflicts=True)


def former_ids(message: Message, external_ids: Iterable[str]) -> list[MessageRevision]:
    return [
        MessageRevision(
            message=message,
            brand_id=message.brand_id,
            kind=message.kind,
            external_id=external_id,
            sequence=position_of(external_id),
        )
        for external_id in external_ids
    ]


def keep_words(message: Message, external_id: str, text: str, entities: dict[str, Any]) -> bool:
    """What the message said under a former id. False when that is known."""
    keep_former(message, [external_id])
    untold = message.revisions.filter(external_id=external_id, said_at=None)
    said_at = moment_of(position_of(external_id))
    return bool(untold.update(text=text, entities=entities, said_at=said_at))


def forget_words(message: Message) -> None:
    """Deleted with the message; the ids stay, so that nothing of it comes back."""
    message.revisions.update(text="", entities={}, said_at=None)
