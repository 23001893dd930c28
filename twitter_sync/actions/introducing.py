"""Keeping people as X describes them when we ask, and asking who they are: some payloads tell
nothing but an id."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from inbox.actions.contacts import describe
from inbox.actions.recording import keep, locked
from inbox.models import Contact, Conversation, Message
from twitter_sync.actions.remembering import ask_for
from twitter_sync.utterances import People, introduced


def introduce(people: People, *, as_of: datetime | None = None) -> None:
    """Contacts take what a payload that we asked for says of them, on every desk at once.

    X describes people as they are when it is asked, which is `as_of` (now when not given), however
    old the messages are that they wrote.
    """
    for contact in Contact.objects.filter(x_user_id__in=list(people)).order_by("pk"):
        before = contact.display_name, contact.at_handle
        person = introduced(people[contact.x_user_id], as_of=as_of or timezone.now())
        if describe(contact, person) and before != (contact.display_name, contact.at_handle):
            tell(contact)


def tell(contact: Contact) -> None:
    of_theirs = Conversation.objects.active().filter(contact=contact).order_by("pk")
    for conversation_id in of_theirs.values_list("pk", flat=True):
        keep(locked(conversation_id), what="contact")


def ask_who(message: Message, people: People) -> None:
    """Has X asked about a post whose customer has no name yet: the answer has their profile."""
    contact = message.conversation.contact
    if contact.x_user_id not in people and not contact.name and message.external_id:
        ask_for(message.external_id)
