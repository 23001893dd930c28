"""Keeping a contact as X last described them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import clock
from inbox import rows
from inbox.models import Contact, ContactHandle
from inbox.text.plain import storable

PROFILE = frozenset({"bio", "location", "is_verified", "is_protected", "followers", "joined_x_at"})
RENEWED_AFTER = timedelta(days=1)
EARLIEST = """
ON CONFLICT (contact_id, handle) DO UPDATE SET first_seen_at = excluded.first_seen_at
WHERE excluded.first_seen_at < held.first_seen_at
"""


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


class AddressBook:
    """Contacts in hand: described in memory, in the order in which things are told, and written at
    once. Those that there are already are held until the transaction ends, in one order.
    """

    def __init__(self, x_user_ids: Iterable[str]) -> None:
        self.contacts: dict[str, Contact] = {}
        self._told: list[Person] = []
        self._changed: set[str] = set()
        self._handles: dict[tuple[str, str], datetime] = {}
        self._open(x_user_ids)

    def _open(self, x_user_ids: Iterable[str]) -> None:
        held = Contact.objects.select_for_update(no_key=True).order_by("pk")
        for contact in held.filter(x_user_id__in=list(x_user_ids)):
            self.contacts[contact.x_user_id] = contact

    def meet(self, person: Person) -> None:
        """Somebody whom a message is from or for: kept if new, with the newest profile."""
        if person.x_user_id not in self.contacts:
            self.contacts[person.x_user_id] = Contact(x_user_id=person.x_user_id)
        self.describe(person)

    def describe(self, person: Person) -> None:
        """Takes over what a payload says of a contact in hand.

        An older payload changes nothing, but a handle of before is kept in the history.
        """
        self._told.append(person)
        contact = self.contacts[person.x_user_id]
        if not person.handle:
            return
        if is_newer(person, contact):
            refresh(contact, person)
            self._changed.add(contact.x_user_id)
            self._keep_handle(person)
        elif handle_of(person) != contact.handle:
            self._keep_handle(person)

    def _keep_handle(self, person: Person) -> None:
        """The history of handles, each with the earliest time that it was told at; a bare mention
        of a handle tells no time."""
        told_at = (person.as_of if person.name else None) or clock.now()
        key = person.x_user_id, handle_of(person)
        self._handles[key] = min(told_at, self._handles.get(key, told_at))

    def write(self) -> None:
        self._write_new()
        changed = [self.contacts[x_user_id] for x_user_id in sorted(self._changed)]
        rows.update(changed, "handle", "name", "profile_as_of", *PROFILE)
        self._write_handles()

    def _write_new(self) -> None:
        """Whoever another worker kept a moment before us is described once more, as kept there."""
        while fresh := [contact for contact in self.contacts.values() if contact.pk is None]:
            written = {contact.x_user_id for contact in rows.insert_new(fresh, unique="x_user_id")}
            self._changed -= written
            overtaken = {contact.x_user_id for contact in fresh} - written
            self._open(overtaken)
            for person in [person for person in self._told if person.x_user_id in overtaken]:
                self.describe(person)

    def _write_handles(self) -> None:
        seen = [
            ContactHandle(
                contact=self.contacts[x_user_id], handle=handle, first_seen_at=first_seen_at
            )
            for (x_user_id, handle), first_seen_at in sorted(self._handles.items())
        ]
        rows.written(seen, EARLIEST)


def remember(people: Iterable[Person]) -> dict[str, Contact]:
    """The contacts of `people`, by X's id, made if new, with the newest profiles that we saw."""
    told = list(people)
    book = AddressBook({person.x_user_id for person in told})
    for person in told:
        book.meet(person)
    book.write()
    return book.contacts


def is_newer(person: Person, contact: Contact) -> bool:
    """True when the payload is not older than what we hold, and says something new.

    An unchanged profile moves `profile_as_of` once a day, not with every message.
    """
    as_of = person.as_of or clock.now()
    if contact.profile_as_of is not None and as_of <= contact.profile_as_of:
        return False
    if contact.profile_as_of is None or as_of - contact.profile_as_of > RENEWED_AFTER:
        return True
    return says_something_new(person, contact)


def says_something_new(person: Person, contact: Contact) -> bool:
    return any(getattr(contact, field) != value for field, value in told_by(person).items())


def refresh(contact: Contact, person: Person) -> None:
    for field, value in told_by(person).items():
        setattr(contact, field, value)
    contact.profile_as_of = person.as_of or clock.now()


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
