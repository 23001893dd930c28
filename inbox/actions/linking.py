"""Saying that two conversations belong together, and taking it back.

Unlike merging it moves nothing, so they may be of two people: a couple who write about one order, a
person with two accounts. Each keeps its threads, and no reply can reach the other's customer by it.
"""

from __future__ import annotations

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from inbox.actions.recording import check_not_merged, keep, locked, record
from inbox.models import Conversation, ConversationEvent, Link

Kinds = ConversationEvent.Kind


class NotLinkable(Exception):
    """Only two conversations of one brand can be linked."""


@transaction.atomic
def link(one: Conversation, *, other: Conversation, by: User) -> Link:
    """From either side, and twice, it is the same link.

    Raises NotLinkable, and MergedAway for one of which everything is elsewhere.
    """
    require_role(by, one.brand_id, Role.AGENT)
    check_two_of_one_brand(one, other)
    lower, higher = hold_in_order(one, other)
    for conversation in (lower, higher):
        check_not_merged(conversation)
    made, is_new = Link.objects.get_or_create(lower=lower, higher=higher, defaults={"made_by": by})
    if is_new:
        tell_both(lower, higher, Kinds.LINKED, by)
    return made


def check_two_of_one_brand(one: Conversation, other: Conversation) -> None:
    if one.pk == other.pk:
        raise NotLinkable("A conversation can’t be linked to itself.")
    if one.brand_id != other.brand_id:
        raise NotLinkable("Only conversations of one handle can be linked.")


def hold_in_order(one: Conversation, other: Conversation) -> tuple[Conversation, Conversation]:
    """By their numbers, as everybody locks them, so that nobody waits in a circle (trust G7)."""
    first, second = sorted((one.pk, other.pk))
    return locked(first), locked(second)


@transaction.atomic
def unlink(one: Conversation, *, other: Conversation, by: User) -> None:
    """Twice is once. The history of both keeps who said what."""
    require_role(by, one.brand_id, Role.AGENT)
    if one.brand_id != other.brand_id or one.pk == other.pk:
        return
    lower, higher = hold_in_order(one, other)
    number, _ = Link.objects.filter(lower=lower, higher=higher).delete()
    if number:
        tell_both(lower, higher, Kinds.UNLINKED, by)


def tell_both(lower: Conversation, higher: Conversation, kind: Kinds, by: User) -> None:
    for conversation, other in ((lower, higher), (higher, lower)):
        keep(conversation, what="status")
        record(conversation, kind, by=by, after={"with": other.pk})
