"""Erasing what was said with a brand: conversations with all that hangs on them, batch by batch.

A contact goes too when nobody else of the installation talks with them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import transaction

from accounts.models import BrandAccount
from inbox.models import Contact, Conversation, Message, Note, Thread


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind went, and which X conversations they were of."""

    conversations: int = 0
    messages: int = 0
    notes: int = 0
    contacts: int = 0
    x_conversation_ids: tuple[str, ...] = ()


@transaction.atomic
def erase_conversations(brand: BrandAccount, *, limit: int) -> Erased:
    """The newest `limit` conversations of a brand. Nothing erased: there are none left."""
    rows = Conversation.objects.select_for_update().filter(brand=brand).order_by("-id")[:limit]
    contact_of = dict(rows.values_list("pk", "contact_id"))
    if not contact_of:
        return Erased()
    public = Thread.objects.filter(conversation__in=contact_of, kind=Thread.Kind.PUBLIC)
    x_conversation_ids = tuple(public.values_list("x_conversation_id", flat=True).distinct())
    # Messages first: Django loads what it deletes by cascade, and these are the many.
    messages = deleted(Message.objects.filter(conversation__in=contact_of).delete(), Message)
    notes = deleted(Note.objects.filter(conversation__in=contact_of).delete(), Note)
    Conversation.objects.filter(pk__in=contact_of).delete()
    return Erased(
        conversations=len(contact_of),
        messages=messages,
        notes=notes,
        contacts=erase_lonely(set(contact_of.values())),
        x_conversation_ids=x_conversation_ids,
    )


def erase_lonely(contact_ids: set[int]) -> int:
    """Of these contacts, those that no conversation is left with. One that a message is just
    arriving from is held by who takes it, and stays."""
    held = Contact.objects.select_for_update(skip_locked=True).filter(pk__in=contact_ids)
    ids = list(held.order_by("pk").values_list("pk", flat=True))
    lonely = Contact.objects.filter(pk__in=ids, conversations=None)
    return deleted(lonely.delete(), Contact)


def deleted(told: tuple[int, dict[str, int]], model: type) -> int:
    """How many rows of `model` itself went, by what Django's delete() tells."""
    return Counter(told[1])[model._meta.label]  # type: ignore[attr-defined]
