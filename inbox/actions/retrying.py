"""Sending once more what X refused, or never confirmed: because somebody says so."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from accounts import clock
from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.chaining import after, stand_behind
from inbox.actions.recording import locked_around, record
from inbox.actions.replies import check_connected, check_not_blocked, refresh
from inbox.actions.uploading import start_over
from inbox.models import ConversationEvent, Message
from inbox.sequence import sequence_at

# Two looks of the poller: after that an unconfirmed message is the agent's to decide (trust R7).
UNCERTAIN_FOR = timedelta(minutes=4)


class NotRetryable(Exception):
    """Only what failed, or was left unconfirmed for minutes, can be sent again."""


@transaction.atomic
def retry(message: Message, *, by: User) -> Message:
    """Queues again what X refused, or what stayed unconfirmed; twice is once. The later parts of
    its chain follow it.

    Raises NotRetryable, HandleDisconnected, PersonBlocked.
    """
    require_role(by, message.brand_id, Role.AGENT)
    conversation = locked_around(message)
    message.refresh_from_db()
    if message.state == Message.State.QUEUED:
        return message
    if not is_retryable(message):
        raise NotRetryable("This message is not waiting for a retry.")
    check_post_is_there(message)
    check_connected(conversation.brand)
    check_not_blocked(message.thread, conversation)
    before = message.state
    failed = [one for one in after(message) if one.state == Message.State.FAILED]
    for one in (message, *failed):
        queue_again(one)
        start_over(one)
    stand_behind(message)
    refresh(conversation)
    record(
        conversation,
        ConversationEvent.Kind.RETRIED,
        by=by,
        message=message,
        before={"state": before},
        after={"state": message.state},
    )
    ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)
    return message


def check_post_is_there(message: Message) -> None:
    """X refuses every answer to a post that is deleted."""
    if not message.answers_external_id:
        return
    posts = Message.objects.filter(brand=message.brand_id, kind=message.kind)
    if posts.known_as(message.answers_external_id).filter(deleted_at__isnull=False).exists():
        raise NotRetryable("The post that this answers was deleted. Choose another one to answer.")


def queue_again(message: Message) -> None:
    now = clock.now()
    message.state, message.failure = Message.State.QUEUED, ""
    message.not_before = message.sent_at = now
    message.sequence = sequence_at(now)
    message.save(update_fields=["state", "failure", "not_before", "sent_at", "sequence"])


def is_retryable(message: Message) -> bool:
    if message.state == Message.State.FAILED:
        return True
    return (
        message.state == Message.State.UNCERTAIN
        and message.uncertain_since is not None
        and message.uncertain_since <= clock.now() - UNCERTAIN_FOR
    )
