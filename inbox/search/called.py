"""Conversations by what their person is called: a handle of now or of before, or a name."""

from __future__ import annotations

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, When
from django.db.models.functions import Upper

from inbox.models import Contact, ContactHandle, Conversation
from inbox.models.contact import ContactQuerySet

MOST = 100
MOST_PEOPLE = 50
# Three letters are a trigram; with fewer, an index of trigrams finds beginnings only.
SHORTEST_PART = 3


def conversations_called(
    brands: list[int], name: str, *, most: int = MOST, loosely: bool = True
) -> list[int]:
    """Numbers of conversations of `brands` with people called `name`: first those whose handle is
    just that, then newest first. `loosely` finds handles that look alike, but no names."""
    people = people_called(brands, name, loosely=loosely)
    exact = [pk for pk, is_exact in people if is_exact]
    rows = Conversation.objects.for_brands(brands).filter(contact__in=[pk for pk, _ in people])
    newest = rows.newest_first()
    if exact:
        first = Case(When(contact__in=exact, then=1), default=0, output_field=IntegerField())
        newest = rows.order_by(first.desc(), *newest.query.order_by)
    return list(newest.values_list("pk", flat=True)[:most]) if people else []


def people_called(brands: list[int], name: str, *, loosely: bool) -> list[tuple[int, bool]]:
    """Ids of people with a conversation of `brands`, and whether `name` is their very handle."""
    once = once_called(name).values("contact")
    found = now_called(name, loosely=loosely).values("pk").union(once)
    people = (
        Contact.objects.filter(pk__in=found)
        .filter(Exists(Conversation.objects.for_brands(brands).filter(contact=OuterRef("pk"))))
        .annotate(is_exact=Case(When(handle__iexact=name, then=1), default=0))
        .annotate(likeness=TrigramSimilarity("handle", name))
        .order_by("-is_exact", F("likeness").desc(), "-pk")
    )
    return [(pk, bool(exact)) for pk, exact in people.values_list("pk", "is_exact")[:MOST_PEOPLE]]


def now_called(name: str, *, loosely: bool) -> ContactQuerySet:
    upper = name.upper()
    people = Contact.objects.alias(upper_handle=Upper("handle"), upper_name=Upper("name"))
    if loosely:
        return people.filter(
            Q(upper_handle__startswith=upper) | Q(upper_handle__trigram_similar=upper)
        )
    part = "contains" if len(name) >= SHORTEST_PART else "startswith"
    return people.filter(Q(upper_handle__startswith=upper) | Q(**{f"upper_name__{part}": upper}))


def once_called(name: str) -> QuerySet[ContactHandle]:
    handles = ContactHandle.objects.alias(upper_handle=Upper("handle"))
    return handles.filter(upper_handle__startswith=name.upper())
