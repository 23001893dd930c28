"""Deleting on X what was sent as the handle: agents do this, and nothing brings it back.

A post goes for everybody; a direct message for the handle, while the other side may keep its copy
(reference: x-api §3.2).
"""

from __future__ import annotations

from django.db import transaction

from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions import wishing
from inbox.actions.recording import keep, locked_around, record
from inbox.actions.wishing import Fate
from inbox.models import ConversationEvent, Deletion, Message

Kinds = ConversationEvent.Kind


class CannotDelete(Exception):
    """X deletes for a handle only what it sent itself."""


@transaction.atomic
def delete(message: Message, *, by: User) -> Deletion:
    """X is asked to delete a message of ours. Twice is once. Raises CannotDelete."""
    require_role(by, message.brand_id, Role.AGENT)
    conversation = locked_around(message)
    message.refresh_from_db()
    wish = Deletion.objects.select_for_update().filter(message=message).first()
    if wish is not None and wishing.is_underway(wish, wanted=True):
        return wish
    if not is_deletable(message):
        raise CannotDelete("Only what your team sent, and X has, can be deleted on X.")
    wish = wish or Deletion(message=message)
    wishing.ask(wish, wanted=True, by=by)
    keep(conversation, what="message")
    record(conversation, Kinds.DELETED, by=by, message=message)
    ring("twitter_sync.unsend", queue="send", deletion_id=wish.pk)
    return wish


def is_deletable(message: Message) -> bool:
    """Encrypted ones X deletes in another way, which Handled does not speak yet."""
    return (
        message.state == Message.State.SENT
        and message.deleted_at is None
        and message.transport != Message.Transport.XCHAT
    )


@transaction.atomic
def settle(deletion_id: int, fate: Fate) -> Deletion:
    """What became of a call to X about it. The tombstone is the caller's."""
    named = Deletion.objects.select_related("message").get(pk=deletion_id)
    conversation = locked_around(named.message)
    wish = Deletion.objects.select_for_update().get(pk=deletion_id)
    wishing.settle(wish, fate)
    keep(conversation, what="message")
    if wish.is_refused:
        after = {"reason": wish.reason}
        record(conversation, Kinds.DELETE_REFUSED, message=named.message, after=after)
    return wish
