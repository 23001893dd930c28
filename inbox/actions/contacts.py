"""Keeping a contact as X last described them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from inbox.models import Contact, ContactHandle
from inbox.text.plain import storable

PROFILE = (
    "handle",
    "name",
    "bio",
    "location",
    "is_verified",
    "is_protected",
    "followers",
    "joined_x_at",
    "profile_as_of",
)


RENEWED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a payload of X describes them; `as_of` is the time of that payload.

    Only `x_user_id` is sure: a payload without the profile leaves the rest empty.
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


def remember(person: Person) -> Contact:
    """The contact of `person`, made if new, with the newest profile that we have seen."""
    contact = Contact.objects.filter(x_user_id=person.x_user_id).first()
    if contact is None:
        fresh = Contact(x_user_id=person.x_user_id)
        Contact.objects.bulk_create([fresh], ignore_conflicts=True)
        contact = Contact.objects.get(x_user_id=person.x_user_id)
    if person.handle and is_newer(person, contact):
        refresh(contact, person)
    return contact


def is_newer(person: Person, contact: Contact) -> bool:
    """True when the payload is not older than what we hold, and says something new.

    An unchanged profile moves `profile_as_of` once a day, not with every message.
    """
    as_of = person.as_of or timezone.now()
    if contact.profile_as_of is not None and as_of <= contact.profile_as_of:
        return False
    if contact.profile_as_of is None or as_of - contact.profile_as_of > RENEWED_AFTER:
        return True
    said = profile_of(person, as_of)
    return any(getattr(contact, field) != said[field] for field in PROFILE[:-1])


def refresh(contact: Contact, person: Person) -> None:
    as_of = person.as_of or timezone.now()
    for field, value in profile_of(person, as_of).items():
        setattr(contact, field, value)
    contact.save(update_fields=PROFILE)
    seen = ContactHandle(contact=contact, handle=contact.handle, first_seen_at=as_of)
    ContactHandle.objects.bulk_create([seen], ignore_conflicts=True)


def profile_of(person: Person, as_of: datetime) -> dict[str, object]:
    return {
        "handle": storable(person.handle)[:50],
        "name": storable(person.name)[:200],
        "bio": storable(person.bio),
        "location": storable(person.location)[:200],
        "is_verified": person.is_verified,
        "is_protected": person.is_protected,
        "followers": person.followers,
        "joined_x_at": person.joined_x_at,
        "profile_as_of": as_of,
    }
