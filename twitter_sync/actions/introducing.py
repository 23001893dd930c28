"""Giving a name to people whom we know by their id alone: some payloads tell nothing else."""

from __future__ import annotations

from django.utils import timezone

from inbox.actions.contacts import remember
from inbox.actions.recording import keep, locked
from inbox.models import Contact, Conversation, Message
from twitter_sync.actions.remembering import ask_for
from twitter_sync.utterances import People, introduced


def introduce(people: People) -> None:
    """Contacts without a name take it from a payload that names them, on every desk at once."""
    for contact in Contact.objects.filter(x_user_id__in=list(people), name=""):
        remember(introduced(people[contact.x_user_id], as_of=timezone.now()))
        of_theirs = Conversation.objects.active().filter(contact=contact).order_by("pk")
        for conversation_id in of_theirs.values_list("pk", flat=True):
            keep(locked(conversation_id), what="contact")


def ask_who(message: Message, people: People) -> None:
    """Has X asked about a post whose customer has no name yet: the answer has their profile."""
    contact = message.conversation.contact
    if contact.x_user_id not in people and not contact.name and message.external_id:
        ask_for(message.external_id)
