"""Conversations in hand: locked and read, with everything that deciding about a message needs, for
any number of customers in the same few statements.

Locks are taken in one order, each kind by its keys: pairs of brand and customer, then contacts,
then conversations. So no two workers wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from accounts.access import with_role
from accounts.models import BrandAccount, Role
from inbox.actions.answering import Talk, talks_in
from inbox.models import (
    Attachment,
    Contact,
    Conversation,
    ConversationEvent,
    Handoff,
    Message,
    MessageRevision,
    OptOut,
    Thread,
)
from inbox.utterance import Told

# Sorted before they are locked: Postgres may ask in any order else.
LOCK_PAIRS = """
SELECT pg_advisory_xact_lock(brand, contact) FROM (
    SELECT DISTINCT brand, hashtext(x_user_id) AS contact
    FROM unnest(%s::int[], %s::text[]) AS pair (brand, x_user_id)
    ORDER BY brand, contact
) AS pairs
"""

# What a message may join, or is told apart from: all but what somebody has resolved, and what holds
# a thread of it, and where the customer was invited to write.
CANDIDATES = """
SELECT conversation.* FROM inbox_conversation conversation
JOIN unnest(%s::bigint[], %s::bigint[]) AS pair (brand_id, contact_id)
  USING (brand_id, contact_id)
WHERE conversation.status <> 'resolved' OR conversation.resolved_through IS NULL
   OR EXISTS (SELECT FROM inbox_thread thread WHERE thread.conversation_id = conversation.id
              AND thread.x_conversation_id = ANY(%s))
   OR EXISTS (SELECT FROM inbox_handoff handoff WHERE handoff.conversation_id = conversation.id)
ORDER BY conversation.id FOR UPDATE OF conversation
"""


class Pair(NamedTuple):
    """A brand, by its key, and a customer, by X's id."""

    brand_id: int
    x_user_id: str


@dataclass(slots=True, eq=False)
class Case:
    """A conversation in hand, and what was decided about it and is not written yet.

    `under_way` is ours of which X may tell that it has it. `began_with` turned out to be older than
    the message that opened the conversation.
    """

    conversation: Conversation
    talk: Talk = field(default_factory=Talk)
    threads: list[Thread] = field(default_factory=list)
    under_way: list[Message] = field(default_factory=list)
    holder_is_on_duty: bool = False
    added: list[Message] = field(default_factory=list)
    media: list[Attachment] = field(default_factory=list)
    former: list[MessageRevision] = field(default_factory=list)
    events: list[ConversationEvent] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    opt_outs: list[OptOut] = field(default_factory=list)
    began_with: Message | None = None

    def thread(self, kind: str, x_conversation_id: str) -> Thread | None:
        for thread in self.threads:
            if thread.kind == kind and thread.x_conversation_id == x_conversation_id:
                return thread
        return None

    @property
    def has_dms(self) -> bool:
        return any(thread.kind == Thread.Kind.DM for thread in self.threads)


@dataclass(slots=True, eq=False)
class Acquaintance:
    """A brand and a contact, with the conversations that a message may join and the invitations to
    write in private, both newest first."""

    brand: BrandAccount
    contact: Contact
    cases: list[Case] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)


def lock_pair(brand: BrandAccount, x_user_id: str) -> None:
    """Until the transaction ends, nobody else looks for a message of the two, or adds one."""
    lock_pairs([Pair(brand.pk, x_user_id)])


def lock_pairs(pairs: Iterable[Pair]) -> None:
    told = list(pairs)
    with connection.cursor() as cursor:
        cursor.execute(
            LOCK_PAIRS, [[one.brand_id % 2**31 for one in told], [one.x_user_id for one in told]]
        )


def hold(told: Collection[Told], contacts: Mapping[str, Contact]) -> dict[Pair, Acquaintance]:
    """The conversations that these may join. `contacts` are their customers, by X's id.

    Call with the pairs locked. The brands are read anew: what they want done may have changed.
    """
    brands = BrandAccount.objects.in_bulk({one.brand.pk for one in told})
    met = {
        pair: Acquaintance(brands[pair.brand_id], contacts[pair.x_user_id])
        for pair in map(pair_of, told)
    }
    cases = cases_of(met.values(), {one.utterance.x_conversation_id for one in told})
    if cases:
        read(cases)
        if any(one.utterance.direction == Message.Direction.OUT for one in told):
            read_under_way(cases)
        if any(one.utterance.kind == Message.Kind.DM for one in told):
            read_handoffs(met.values())
    return met


def pair_of(told: Told) -> Pair:
    return Pair(told.brand.pk, told.utterance.customer.x_user_id)


def cases_of(met: Iterable[Acquaintance], x_conversation_ids: Iterable[str]) -> dict[int, Case]:
    """By key. Each is put before the older ones of its brand and contact."""
    by_row = {(one.brand.pk, one.contact.pk): one for one in met}
    brand_ids, contact_ids = zip(*by_row, strict=True)
    asked = [list(brand_ids), list(contact_ids), list(x_conversation_ids)]
    cases = {}
    for conversation in Conversation.objects.raw(CANDIDATES, asked):
        acquaintance = by_row[conversation.brand_id, conversation.contact_id]
        conversation.brand, conversation.contact = acquaintance.brand, acquaintance.contact
        cases[conversation.pk] = Case(conversation)
        acquaintance.cases.insert(0, cases[conversation.pk])
    return cases


def read(cases: Mapping[int, Case]) -> None:
    """What was said in them, on which threads, and who has them."""
    for conversation_id, talk in talks_in(cases).items():
        cases[conversation_id].talk = talk
    for thread in Thread.objects.filter(conversation__in=cases):
        cases[thread.conversation_id].threads.append(thread)
    read_holders(cases.values())


def read_holders(cases: Iterable[Case]) -> None:
    """Whether who has them still works for the brand."""
    held = [
        (case, (assignee_id, case.conversation.brand_id))
        for case in cases
        if (assignee_id := case.conversation.assignee_id) is not None
    ]
    on_duty = with_role(Role.AGENT, {holder for _, holder in held})
    for case, holder in held:
        case.holder_is_on_duty = holder in on_duty


def read_under_way(cases: Mapping[int, Case]) -> None:
    """Ours of which X may tell that it has them."""
    for message in Message.objects.under_way().filter(conversation__in=cases).in_order():
        cases[message.conversation_id].under_way.append(message)


def read_handoffs(met: Iterable[Acquaintance]) -> None:
    """Who was invited where, and what came of it."""
    met_in = {case.conversation.pk: one for one in met for case in one.cases}
    told = Handoff.objects.filter(conversation__in=met_in).newest_first()
    for handoff in told.select_related("invitation", "arrival"):
        met_in[handoff.conversation_id].handoffs.append(handoff)
