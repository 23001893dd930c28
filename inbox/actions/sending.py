"""The fate of a queued reply, told by the sender: sending, then sent, failed or uncertain."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.actions.answering import SUMMARY, summarise
from inbox.actions.chaining import stand_behind, take_up
from inbox.actions.holding import lock_pair
from inbox.actions.recording import keep, locked, locked_around, record
from inbox.actions.revising import find, ids_of
from inbox.models import Conversation, ConversationEvent, Message
from inbox.models.attachment import first_to_upload
from inbox.models.message import FREE_TO_GO
from inbox.reach import SILENT, is_left_alone

Kinds = ConversationEvent.Kind
State = Message.State


def take_next(conversation_id: int) -> Message | None:
    """The oldest due message of a conversation, now `sending`; None when there is none to send.

    One in flight per conversation, in order (trust R8): while one is sending or uncertain the
    others wait; so does a part of a chain until X has the one before it, and all do while X has not
    all files of the first. A private one to somebody who has asked for none meanwhile fails. Call
    inside the transaction that also writes the attempt.
    """
    conversation = locked(conversation_id)
    message = next_due(conversation)
    if message is None:
        return None
    if message.kind == Message.Kind.DM and is_left_alone(conversation):
        fail_unsent(message.pk, SILENT)
        return None
    take_up(message)
    message.state, message.failure = State.SENDING, ""
    message.save(update_fields=["state", "failure", "answers_external_id"])
    keep(conversation, what="send")
    return message


def next_due(conversation: Conversation) -> Message | None:
    ours = conversation.messages.filter(direction=Message.Direction.OUT)
    if ours.filter(state__in=[State.SENDING, State.UNCERTAIN]).exists():
        return None
    message = ours.filter(FREE_TO_GO, state=State.QUEUED).order_by("id").first()
    if message is None or (message.not_before and message.not_before > clock.now()):
        return None
    if first_to_upload(message.attachments.all()) is not None:
        return None
    return message


@transaction.atomic
def put_off(conversation_id: int, *, not_before: datetime, reason: str) -> None:
    """What would be taken next waits until `not_before` instead. The desks hear of it when the
    reason is another than before."""
    conversation = locked(conversation_id)
    message = next_due(conversation)
    if message is None:
        return
    is_news = message.failure != reason[:300]
    message.not_before, message.failure = not_before, reason[:300]
    message.save(update_fields=["not_before", "failure"])
    if is_news:
        keep(conversation, what="send")


@transaction.atomic
def put_back(message_id: int, *, not_before: datetime, reason: str = "") -> Message:
    """X did not take it now (no quota left, nobody signed in): it waits until `not_before`.

    It keeps its place; `reason` tells the agent what it waits for.
    """
    conversation, message = hold(message_id)
    if message.state == State.SENDING:
        message.state, message.not_before = State.QUEUED, not_before
        message.failure = reason[:300]
        message.save(update_fields=["state", "not_before", "failure"])
        keep(conversation, what="send")
    return message


@transaction.atomic
def confirm_sent(message_id: int, *, external_id: str, sequence: int, sent_at: datetime) -> Message:
    """X accepted the message and gave it `external_id`. Twice, or after the echo, is harmless."""
    lock_pair_of(message_id)
    conversation, message = hold(message_id)
    if external_id in ids_of(message):
        return message
    external_id = absorb_echo(message, external_id)
    twin = twin_written_in_x(message)
    message.state, message.failure = State.SENT, ""
    message.external_id, message.sequence, message.sent_at = external_id, sequence, sent_at
    message.uncertain_since = None
    message.save()
    if twin is not None:
        twin.save()
        ConversationEvent.objects.filter(message=message, kind=Kinds.SENT).update(message=twin)
    stand_behind(message)
    summarise(conversation)
    if conversation.unanswered_since is None and conversation.status == Conversation.Status.OPEN:
        conversation.status = Conversation.Status.WAITING
    keep(conversation, *SUMMARY, "status", what="send")
    record(conversation, Kinds.SENT, by=message.author, message=message)
    ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)
    return message


def lock_pair_of(message_id: int) -> None:
    """The lock that `receive` takes, and first, as there: whoever looks for the message under X's
    id, and whoever gives it that id, does so alone. With the conversation's lock only, the echo
    could look before the id is there and be added after."""
    asked = Message.objects.select_related("brand", "conversation__contact").only(
        "brand", "conversation__contact"
    )
    message = asked.get(pk=message_id)
    lock_pair(message.brand, message.conversation.contact.x_user_id)


def absorb_echo(message: Message, external_id: str) -> str:
    """The echo came first and was taken for a message written in X: it and ours are one row.

    Returns the id that X knows it by now: it may have been changed there meanwhile.
    """
    echo = find(message.brand, message.kind, [external_id])
    if echo is None:
        return external_id
    external_id = echo.external_id or external_id
    message.text, message.entities = echo.text, echo.entities
    # Those that went with it are here already; the echo's go with the echo.
    if not message.attachments.exists():
        echo.attachments.update(message=message)
    echo.revisions.update(message=message)
    ConversationEvent.objects.filter(message=echo).delete()
    echo.delete()
    return external_id


def twin_written_in_x(message: Message) -> Message | None:
    """Somebody wrote the same words in X while ours were under way, and we took that for ours.

    The fact is kept as a message of its own; the caller saves it once ours has its right id.
    """
    if message.external_id is None:
        return None
    twin = Message.objects.get(pk=message.pk)
    twin.pk, twin.client_key, twin.author, twin.not_before = None, None, None, None
    twin.typed = ""
    twin._state.adding = True
    return twin


@transaction.atomic
def fail(message_id: int, *, reason: str) -> Message:
    """X refused the message for good; `reason` is in words that an agent understands."""
    return end_without_id(message_id, State.FAILED, Kinds.SEND_FAILED, reason)


def fail_queued(brand: BrandAccount, *, reason: str, limit: int) -> int:
    """Gives up what waits to be sent for a brand, the oldest `limit` of it. Returns how many."""
    queued = Message.objects.filter(brand=brand, state=State.QUEUED).order_by("id")
    message_ids = list(queued.values_list("pk", flat=True)[:limit])
    for message_id in message_ids:
        fail_unsent(message_id, reason)
    return len(message_ids)


@transaction.atomic
def fail_unsent(message_id: int, reason: str) -> None:
    end_without_id(message_id, State.FAILED, Kinds.SEND_FAILED, reason, held=State.QUEUED)


@transaction.atomic
def doubt(message_id: int, *, reason: str) -> Message:
    """Nobody knows whether X took the message: never resent by itself (trust R7)."""
    return end_without_id(message_id, State.UNCERTAIN, Kinds.SEND_UNCERTAIN, reason)


def end_without_id(
    message_id: int,
    state: Message.State,
    kind: ConversationEvent.Kind,
    reason: str,
    *,
    held: Message.State = State.SENDING,
) -> Message:
    """Nothing happens to a message that is not in the state `held` any more.

    One that was uncertain before keeps the moment: X may yet tell of it (`receiving.in_flight`).
    """
    conversation, message = hold(message_id)
    if message.state != held:
        return message
    message.state, message.failure = state, reason[:300]
    if state == State.UNCERTAIN:
        message.uncertain_since = clock.now()
    message.save(update_fields=["state", "failure", "uncertain_since"])
    summarise(conversation)
    keep(conversation, *SUMMARY, what="send")
    record(conversation, kind, by=None, message=message, after={"reason": message.failure})
    ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)
    return message


def hold(message_id: int) -> tuple[Conversation, Message]:
    """The message and its conversation, the latter locked."""
    conversation = locked_around(Message.objects.get(pk=message_id))
    return conversation, Message.objects.get(pk=message_id)
