"""What events are read against, however many, and what they come to: the brands, the known tree,
who talks with whom where. For one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from accounts.models import BrandAccount
from inbox.utterance import Told, Utterance
from twitter_sync.models import RawEvent
from twitter_sync.payloads import Event
from twitter_sync.tree import Place, Tree
from twitter_sync.utterances import People

Brands = Mapping[str, BrandAccount]

# Sorted before they are locked: Postgres may ask in any order else.
LOCK_CONVERSATIONS = """
SELECT pg_advisory_xact_lock(hashtext('public'), conversation) FROM (
    SELECT DISTINCT hashtext(x_conversation_id) AS conversation
    FROM unnest(%s::text[]) AS asked (x_conversation_id) ORDER BY conversation
) AS conversations
"""
HOLDERS = """
SELECT DISTINCT asked.x_conversation_id, asked.x_user_id, thread.brand_id
FROM unnest(%s::text[], %s::text[]) AS asked (x_conversation_id, x_user_id)
JOIN inbox_contact contact USING (x_user_id)
JOIN inbox_conversation conversation ON conversation.contact_id = contact.id
JOIN inbox_thread thread ON thread.conversation_id = conversation.id
 AND thread.kind = 'public' AND thread.x_conversation_id = asked.x_conversation_id
"""


@dataclass(slots=True, eq=False)
class Said:
    """Something on its way to the inbox: whom the payload names, whether more is expected of the
    customer there, and the event and row that told it, if any did."""

    told: Told
    people: People
    expects_more: bool = False
    event: Event | None = None
    row: RawEvent | None = None


def lock_conversations(x_conversation_ids: Collection[str]) -> None:
    """Until the transaction ends, nobody else places what is said in these conversations of X, or
    takes it away."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_CONVERSATIONS, [list(x_conversation_ids)])


class Scene:
    """`brands` are those for which messages are taken, by X's id. `said` waits to be received,
    `wanted_above` are posts whose ancestors X is to be asked for, each with its height."""

    def __init__(self, brands: Brands, tree: Tree | None = None) -> None:
        self.brands = brands
        self.by_key = {brand.pk: brand for brand in brands.values()}
        self.tree = tree or Tree()
        self.said: list[Said] = []
        self.wanted_above: list[tuple[str, int]] = []
        self._locked: set[str] = set()
        self._holders: dict[Place, set[int]] = {}

    def lock(self, x_conversation_ids: Iterable[str]) -> None:
        """One worker at a time places what is said there: the second sees the thread that the first
        has opened."""
        if asked := set(x_conversation_ids) - self._locked:
            lock_conversations(asked)
            self._locked |= asked

    def meet(self, places: Iterable[Place]) -> None:
        """Finds out which brands talk with these people there. Call with the conversations
        locked."""
        asked = set(places) - self._holders.keys()
        if not asked:
            return
        self._holders |= {place: set() for place in asked}
        conversations, people = (list(column) for column in zip(*asked, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(HOLDERS, [conversations, people])
            for conversation_id, x_user_id, brand_id in cursor:
                self._holders[conversation_id, x_user_id].add(brand_id)

    def holders(self, x_conversation_id: str, x_user_id: str) -> dict[int, BrandAccount]:
        """The brands that talk with a person in an X conversation, by key."""
        place = x_conversation_id, x_user_id
        self.meet([place])
        return {key: self.by_key[key] for key in self._holders[place] if key in self.by_key}

    def say(
        self,
        brand: BrandAccount,
        utterance: Utterance,
        people: People,
        *,
        expects_more: bool = False,
    ) -> Said:
        said = Said(Told(brand, utterance), people, expects_more)
        self.said.append(said)
        if utterance.kind == "public":
            place = utterance.x_conversation_id, utterance.customer.x_user_id
            self._holders.setdefault(place, set()).add(brand.pk)
        return said
