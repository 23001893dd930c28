"""Keeping people as X describes them when we ask, and asking who they are: some payloads tell
nothing but an id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from inbox.actions.contacts import AddressBook, Person
from inbox.actions.recording import keep_each
from inbox.models import Contact, Conversation, Message
from twitter_sync.actions.remembering import ask_for
from twitter_sync.utterances import People, introduced


def introduce(people: People, *, as_of: datetime | None = None) -> None:
    """Contacts take what a payload that we asked for says of them, on every desk at once.

    X describes people as they are when it is asked, which is `as_of` (now when not given), however
    old the messages are that they wrote.
    """
    introduce_all(people_of(people, as_of=as_of or timezone.now()))


def people_of(people: People, *, as_of: datetime) -> list[Person]:
    return [introduced(profile, as_of=as_of) for profile in people.values()]


@transaction.atomic
def introduce_all(people: Collection[Person]) -> None:
    """Likewise of many payloads, in their order. Who is no contact does not become one."""
    book = AddressBook({person.x_user_id for person in people})
    called = {contact: names(contact) for contact in book.contacts.values()}
    for person in people:
        if person.x_user_id in book.contacts:
            book.describe(person)
    book.write()
    tell(contact for contact, before in called.items() if names(contact) != before)


def names(contact: Contact) -> tuple[str, str]:
    return contact.display_name, contact.at_handle


def tell(contacts: Iterable[Contact]) -> None:
    theirs = Conversation.objects.active().filter(contact__in=list(contacts))
    keep_each(theirs.select_for_update().order_by("pk"), what="contact")


def ask_who(message: Message, people: People) -> None:
    """Has X asked about a post whose customer has no name yet: the answer has their profile."""
    contact = message.conversation.contact
    if contact.x_user_id not in people and not contact.name and message.external_id:
        ask_for(message.external_id)
