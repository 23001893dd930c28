"""Keeping people as X describes them when we ask, and asking who they are: some payloads tell
nothing but an id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, transaction

from accounts import clock
from accounts.doorbell import ring
from inbox.actions.contacts import AddressBook, Person
from inbox.actions.recording import keep_each
from inbox.models import Contact, Conversation
from twitter_sync.utterances import People, introduced


def introduce(people: People, *, as_of: datetime | None = None) -> None:
    """Contacts take what a payload that we asked for says of them, on every desk at once.

    X describes people as they are when it is asked, which is `as_of` (now when not given), however
    old the messages are that they wrote.
    """
    introduce_all(people_of(people, as_of=as_of or clock.now()))


def people_of(people: People, *, as_of: datetime) -> list[Person]:
    return [introduced(profile, as_of=as_of) for profile in people.values()]


@transaction.atomic(savepoint=False)
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


# The answer has the profile of who wrote the post.
ASK_WHO = """
UPDATE twitter_sync_knownpost known SET look_up_at = statement_timestamp()
FROM unnest(%s::text[], %s::text[]) AS asked (post_id, x_user_id)
JOIN inbox_contact contact USING (x_user_id)
WHERE known.post_id = asked.post_id AND contact.name = ''
  AND known.look_up_at IS NULL AND known.look_up_attempts = 0
"""


def ask_who(posts: Collection[tuple[str, str]]) -> None:
    """Has X asked, once, about posts of people who have no name yet. With each post stands the
    customer whose it is."""
    if not posts:
        return
    with connection.cursor() as cursor:
        cursor.execute(ASK_WHO, [list(column) for column in zip(*posts, strict=True)])
        if cursor.rowcount:
            ring("twitter_sync.look_up", queue="default")
