"""A message arrives: from the customer, or ours as X echoes it or as we wrote it in X."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.access import has_role
from accounts.doorbell import ring
from accounts.models import BrandAccount, Role
from inbox.actions.answering import SUMMARY, summarise
from inbox.actions.assignment import hand_over
from inbox.actions.contacts import Person, remember
from inbox.actions.history import is_past, may_reopen, put_away, was_put_away
from inbox.actions.placing import place
from inbox.actions.recording import keep, locked, record
from inbox.actions.revising import find, forget_words, keep_former, keep_words, position_of
from inbox.models import Attachment, Conversation, ConversationEvent, Message, Thread
from inbox.sequence import moment_of
from inbox.text.plain import storable
from inbox.text.sameness import same_utterance

__all__ = ["Media", "Person", "Utterance", "mark_deleted", "receive"]

Kinds = ConversationEvent.Kind
Status = Conversation.Status
PUT_AWAY = (Status.RESOLVED, Status.SNOOZED)


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or film as X tells of it; `preview_url` is the still of a film, sizes are 0 where
    X doesn't say."""

    kind: str
    media_key: str
    source_url: str = ""
    alt_text: str = ""
    preview_url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message as X tells it. `text` is X's escaped form, `sequence` X's id as a number.

    `customer` is the other side of the conversation, also where the brand is the author. Where its
    author changed it, `earlier_ids` are the ids that it had before, oldest first.
    """

    kind: str
    transport: str
    direction: str
    external_id: str
    x_conversation_id: str
    sequence: int
    customer: Person
    text: str
    sent_at: datetime
    entities: dict[str, Any] = field(default_factory=dict)
    answers_external_id: str | None = None
    earlier_ids: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    payload: dict[str, Any] | None = None


@transaction.atomic(savepoint=False)
def receive(brand: BrandAccount, utterance: Utterance) -> Message:
    """Stores a message once, in the conversation it belongs to, whatever it is told and how often.

    An echo of our own message settles the row that we sent; another form of a message that we hold
    becomes part of it. Safe against other workers: one lock for each brand and contact (it takes
    the place of trust R4's conversation key).
    """
    lock_pair(brand, utterance.customer.x_user_id)
    known = find(brand, utterance.kind, [utterance.external_id, *utterance.earlier_ids])
    if known is not None:
        return revise(known, utterance)
    utterance = at_first_form(utterance)
    contact = remember(utterance.customer)
    thread = place(
        brand,
        contact,
        kind=utterance.kind,
        x_conversation_id=utterance.x_conversation_id,
        sent_at=utterance.sent_at,
    )
    conversation = locked(thread.conversation_id)
    conversation.contact = contact
    ours = in_flight(conversation, thread, utterance)
    message = settle(ours, utterance) if ours else add(brand, conversation, thread, utterance)
    follow(conversation, message)
    if ours:
        ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)
    return message


def lock_pair(brand: BrandAccount, x_user_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [brand.pk % 2**31, x_user_id]
        )


def add(
    brand: BrandAccount, conversation: Conversation, thread: Thread, utterance: Utterance
) -> Message:
    incoming = utterance.direction == Message.Direction.IN
    message = Message.objects.create(
        brand=brand,
        conversation=conversation,
        thread=thread,
        kind=utterance.kind,
        transport=utterance.transport,
        direction=utterance.direction,
        state=Message.State.RECEIVED if incoming else Message.State.SENT,
        external_id=utterance.external_id,
        answers_external_id=utterance.answers_external_id,
        sequence=utterance.sequence,
        text=storable(utterance.text),
        entities=utterance.entities,
        payload=utterance.payload,
        sent_at=utterance.sent_at,
    )
    message.is_new = True
    keep_media(message, utterance)
    keep_former(message, utterance.earlier_ids)
    return message


def at_first_form(utterance: Utterance) -> Utterance:
    """A changed message stands where it first stood, also when that form was never told."""
    if not utterance.earlier_ids:
        return utterance
    first = position_of(utterance.earlier_ids[0])
    return replace(utterance, sequence=first, sent_at=moment_of(first))


def revise(known: Message, utterance: Utterance) -> Message:
    """A form of a message that we hold: the same, a newer one, or one from before."""
    if known.external_id == utterance.external_id:
        return known
    conversation = locked(known.conversation_id)
    message = conversation.messages.get(pk=known.pk)
    if message.deleted_at is not None:
        keep_former(message, [utterance.external_id, *utterance.earlier_ids])
    elif message.external_id in utterance.earlier_ids:
        change(message, utterance)
        summarise(conversation)
        keep(conversation, *SUMMARY, what="message")
    elif keep_words(message, utterance.external_id, storable(utterance.text), utterance.entities):
        keep(conversation, what="message")
    return message


def change(message: Message, utterance: Utterance) -> None:
    """The newer form takes the place of the present one, which is kept beside it."""
    keep_words(message, message.external_id or "", message.text, message.entities)
    keep_former(message, utterance.earlier_ids)
    message.external_id = utterance.external_id
    message.text, message.entities = storable(utterance.text), utterance.entities
    message.save(update_fields=["external_id", "text", "entities"])
    message.attachments.all().delete()
    keep_media(message, utterance)


def keep_media(message: Message, utterance: Utterance) -> None:
    Attachment.objects.bulk_create(
        [
            Attachment(
                message=message,
                kind=media.kind,
                media_key=media.media_key,
                source_url=media.source_url,
                alt_text=storable(media.alt_text),
                preview_url=media.preview_url,
                width=media.width,
                height=media.height,
            )
            for media in utterance.media
        ],
        ignore_conflicts=True,
    )
    if utterance.media:
        ring("twitter_sync.fetch_media", queue="media")


def in_flight(conversation: Conversation, thread: Thread, utterance: Utterance) -> Message | None:
    """Our own message that this is the echo of: under way in the thread, with the same words.

    What stayed unconfirmed may still be told of, whatever became of it: given up, or queued again
    and waiting, or refused the second time.
    """
    if utterance.direction == Message.Direction.IN:
        return None
    states = Message.State
    may_be_sent = Q(
        state__in=[states.QUEUED, states.CANCELLED, states.FAILED], uncertain_since__isnull=False
    )
    under_way = conversation.messages.filter(
        may_be_sent | Q(state__in=[states.SENDING, states.UNCERTAIN]),
        thread=thread,
        external_id=None,
    )
    for message in under_way.in_order():
        if same_utterance(message.text, message.entities, utterance.text, utterance.entities):
            return message
    return None


def settle(message: Message, utterance: Utterance) -> Message:
    """X has our message: the row takes X's id, time and form of the text."""
    message.state = Message.State.SENT
    message.external_id = utterance.external_id
    message.sequence = utterance.sequence
    message.sent_at = utterance.sent_at
    message.text = storable(utterance.text)
    message.entities = utterance.entities
    message.failure, message.uncertain_since = "", None
    message.save()
    keep_media(message, utterance)
    return message


def follow(conversation: Conversation, message: Message) -> None:
    """What a new message does to its conversation: status, waiting time, row of the list."""
    is_new = conversation.message_count == 0
    had_been_put_away, is_let = was_put_away(conversation), may_reopen(conversation, message)
    before = conversation.status
    summarise(conversation)
    reopens = is_let and not message.is_ours and conversation.unanswered_since is not None
    if reopens:
        conversation.status = Status.OPEN
        conversation.snoozed_until = None
    elif is_past(conversation):
        if is_new:
            put_away(conversation)
    elif conversation.unanswered_since is None and (
        conversation.status == Status.OPEN or had_been_put_away
    ):
        conversation.status = Status.WAITING
    keep(conversation, *SUMMARY, "status", "snoozed_until", "resolved_at", what="message")
    write_history(conversation, message, is_new=is_new, before=before)
    if reopens and before != Status.OPEN:
        back_to_queue_unless_on_duty(conversation)


def back_to_queue_unless_on_duty(conversation: Conversation) -> None:
    """Same assignee as before, unless they no longer work for the brand (design §3)."""
    holder = conversation.assignee
    if holder is not None and not has_role(holder, conversation.brand_id, Role.AGENT):
        hand_over(conversation, to=None, by=None)


def write_history(
    conversation: Conversation, message: Message, *, is_new: bool, before: str
) -> None:
    """A line for what the message itself does not tell: that it brought something back."""
    if is_new:
        record(conversation, Kinds.OPENED, message=message, at=message.sent_at)
    elif message.sent_at < conversation.last_activity_at:
        begin_earlier(conversation, message)
    if is_new and was_put_away(conversation):
        record(conversation, Kinds.RESOLVED, after={"status": conversation.status})
    if message.is_ours:
        record(conversation, Kinds.SENT, by=message.author, message=message, at=message.sent_at)
    elif before in PUT_AWAY and conversation.status == Status.OPEN:
        record(
            conversation,
            Kinds.REOPENED,
            message=message,
            before={"status": before},
            after={"status": conversation.status},
        )


def begin_earlier(conversation: Conversation, message: Message) -> None:
    """The past comes the newest first: a conversation opened with the first of its messages."""
    opened = conversation.events.filter(kind=Kinds.OPENED, created_at__gt=message.sent_at)
    opened.update(created_at=message.sent_at, message=message)


@transaction.atomic
def mark_deleted(
    brand: BrandAccount, *, kind: str, external_id: str, deleted_at: datetime | None = None
) -> Message | None:
    """Leaves a tombstone: the words go, the fact stays. Returns None for what we never held."""
    message = find(brand, kind, [external_id])
    if message is None or message.deleted_at is not None:
        return message
    conversation = locked(message.conversation_id)
    message.text, message.entities, message.payload = "", {}, None
    message.deleted_at = deleted_at or timezone.now()
    message.save(update_fields=["text", "entities", "payload", "deleted_at"])
    message.attachments.all().delete()
    forget_words(message)
    summarise(conversation)
    keep(conversation, *SUMMARY, what="message")
    record(conversation, Kinds.MESSAGE_DELETED, message=message)
    return message
