"""Keeping a contact as X last described them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from inbox.models import Contact, ContactHandle
from inbox.text.plain import storable

PROFILE = frozenset({"bio", "location", "is_verified", "is_protected", "followers", "joined_x_at"})
RENEWED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a payload of X describes them; `as_of` is the time of that payload.

    Only `x_user_id` is sure: a payload without the profile leaves the rest empty. `tells` names
    the fields besides handle and name that the payload speaks of: many only name people.
    """

    x_user_id: str
    handle: str = ""
    name: str = ""
    bio: str = ""
    location: str = ""
    is_verified: bool = False
    is_protected: bool = False
    followers: int | None = None
    joined_x_at: datetime | None = None
    as_of: datetime | None = None
    tells: frozenset[str] = PROFILE


def remember(person: Person) -> Contact:
    """The contact of `person`, made if new, with the newest profile that we have seen."""
    contact = Contact.objects.filter(x_user_id=person.x_user_id).first()
    if contact is None:
        fresh = Contact(x_user_id=person.x_user_id)
        Contact.objects.bulk_create([fresh], ignore_conflicts=True)
        contact = Contact.objects.get(x_user_id=person.x_user_id)
    describe(contact, person)
    return contact


def describe(contact: Contact, person: Person) -> bool:
    """Takes over what a payload says of a contact. True when people see a change of it.

    An older payload changes nothing, but a handle of before is kept in the history.
    """
    if not person.handle:
        return False
    if is_newer(person, contact):
        return refresh(contact, person)
    if handle_of(person) != contact.handle:
        keep_handle(contact, person)
    return False


def is_newer(person: Person, contact: Contact) -> bool:
    """True when the payload is not older than what we hold, and says something new.

    An unchanged profile moves `profile_as_of` once a day, not with every message.
    """
    as_of = person.as_of or timezone.now()
    if contact.profile_as_of is not None and as_of <= contact.profile_as_of:
        return False
    if contact.profile_as_of is None or as_of - contact.profile_as_of > RENEWED_AFTER:
        return True
    return says_something_new(person, contact)


def says_something_new(person: Person, contact: Contact) -> bool:
    return any(getattr(contact, field) != value for field, value in told_by(person).items())


def refresh(contact: Contact, person: Person) -> bool:
    """Of two workers with a payload each, the newer one stays whoever comes last."""
    as_of = person.as_of or timezone.now()
    told, is_news = told_by(person), says_something_new(person, contact)
    older = Q(profile_as_of=None) | Q(profile_as_of__lt=as_of)
    if not Contact.objects.filter(older, pk=contact.pk).update(**told, profile_as_of=as_of):
        contact.refresh_from_db()
        return False
    for field, value in told.items():
        setattr(contact, field, value)
    contact.profile_as_of = as_of
    keep_handle(contact, person)
    return is_news


def keep_handle(contact: Contact, person: Person) -> None:
    """The history of handles, each with the earliest time that it was told at; a bare mention of
    a handle tells no time."""
    first_seen = (person.as_of if person.name else None) or timezone.now()
    seen = ContactHandle(contact=contact, handle=handle_of(person), first_seen_at=first_seen)
    ContactHandle.objects.bulk_create([seen], ignore_conflicts=True)
    ContactHandle.objects.filter(
        contact=contact, handle=seen.handle, first_seen_at__gt=first_seen
    ).update(first_seen_at=first_seen)


def handle_of(person: Person) -> str:
    return storable(person.handle)[:50]


def told_by(person: Person) -> dict[str, object]:
    """The fields that a payload tells; it leaves the others as they were."""
    named = {"handle": handle_of(person)}
    if person.name:
        named["name"] = storable(person.name)[:200]
    told = {
        "bio": storable(person.bio),
        "location": storable(person.location)[:200],
        "is_verified": person.is_verified,
        "is_protected": person.is_protected,
        "followers": person.followers,
        "joined_x_at": person.joined_x_at,
    }
    return {**named, **{field: value for field, value in told.items() if field in person.tells}}
