"""A message that its author changed: a new form under a new id, and still one message.

It stands where its first form stood, says what its newest says, and answers to every id that it
ever had. Whichever form arrives first, the result is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import BrandAccount
from inbox.models import Message, MessageRevision
from inbox.sequence import moment_of

FIND = """
SELECT * FROM inbox_message
WHERE brand_id = %(brand)s AND kind = %(kind)s AND external_id = ANY(%(ids)s)
UNION ALL
SELECT message.* FROM inbox_messagerevision former
JOIN inbox_message message ON message.id = former.message_id
WHERE former.brand_id = %(brand)s AND former.kind = %(kind)s AND former.external_id = ANY(%(ids)s)
LIMIT 1
"""


def find(brand: BrandAccount, kind: str, external_ids: Iterable[str]) -> Message | None:
    """The message that has one of the ids, or had it before it was changed."""
    asked = {"brand": brand.pk, "kind": kind, "ids": list(external_ids)}
    return next(iter(Message.objects.raw(FIND, asked)), None)


def ids_of(message: Message) -> list[str]:
    """Every id that the message has had."""
    former = message.revisions.values_list("external_id", flat=True)
    return [*former, message.external_id or ""]


def position_of(external_id: str) -> int:
    """X's ids are numbers in the order of time (`inbox.sequence`)."""
    return int(external_id)


def keep_former(message: Message, external_ids: Iterable[str]) -> None:
    """Ids that the message had before; their words may be told later, or never."""
    rows = [
        MessageRevision(
            message=message,
            brand_id=message.brand_id,
            kind=message.kind,
            external_id=external_id,
            sequence=position_of(external_id),
        )
        for external_id in external_ids
    ]
    if rows:
        MessageRevision.objects.bulk_create(rows, ignore_conflicts=True)


def keep_words(message: Message, external_id: str, text: str, entities: dict[str, Any]) -> bool:
    """What the message said under a former id. False when that is known."""
    keep_former(message, [external_id])
    untold = message.revisions.filter(external_id=external_id, said_at=None)
    said_at = moment_of(position_of(external_id))
    return bool(untold.update(text=text, entities=entities, said_at=said_at))


def forget_words(message: Message) -> None:
    """Deleted with the message; the ids stay, so that nothing of it comes back."""
    message.revisions.update(text="", entities={}, said_at=None)
