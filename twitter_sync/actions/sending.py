"""The outbox sender: one message of a conversation to X, at most once (trust R6–R8)."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts import clock
from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import sending
from inbox.models import Message
from inbox.models.message import FREE_TO_GO
from inbox.sequence import moment_of
from inbox.text.plain import plain
from twitter_sync import outages
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.rechecking import check_one
from twitter_sync.actions.remembering import hold
from twitter_sync.actions.uploading import media_ids, turn_down, was_turned_down
from twitter_sync.advice import advised
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import (
    NotConnected,
    NotSent,
    RateLimited,
    Refused,
    TokenRejected,
    Unconfirmed,
    XError,
)
from twitter_sync.models import SendAttempt

# Longer than a call may take (15 s) with its token refresh; after that nobody knows.
LEASE = timedelta(seconds=60)
SWEEP_BATCH = 500

# X's words for a post that can't be answered any more (reference: x-api §11).
GONE = "deleted or not visible"
ITS_POST_IS_GONE = (
    "X says that the post that this answers was deleted, or is hidden from {brand}. "
    "Answer another, or write privately."
)

# X's words for uploads that it has no more, or that are another's.
MEDIA = "media"
FORGOTTEN = "X had its file no more, so that is uploaded once again."

Outcome, State = SendAttempt.Outcome, Message.State
log = structlog.get_logger(__name__)


def send_next(conversation_id: int) -> Message | None:
    """Hands the next due message of a conversation to X. The attempt is committed before the call.

    Nothing here sends a message again: what X did not confirm becomes uncertain and is settled by
    its echo, by polling, or by the agent.
    """
    attempt = begin(conversation_id)
    if attempt is None:
        return None
    try:
        external_id = hand_to_x(attempt.message)
    except RateLimited as limit:
        if limit.status is not None:  # else it is our own count of what X allows
            outages.note_answer(attempt.message.brand)
        return put_back(attempt, limit, not_before=limit.resets_at)
    except (NotConnected, TokenRejected) as signed_out:
        return put_back(attempt, signed_out, not_before=clock.now())
    except Unconfirmed as doubt:
        outages.note_silence(attempt.message.brand)
        return doubted(attempt, doubt)
    except NotSent as failure:
        outages.note_silence(attempt.message.brand)
        return refused(attempt, failure)
    except XError as refusal:
        outages.note_answer(attempt.message.brand)
        if answers_what_is_gone(attempt.message, refusal):
            return fail_for_its_post(attempt, refusal)
        if is_about_media(attempt.message, refusal) and not was_turned_down(attempt.message):
            return upload_again(attempt, refusal)
        return refused(attempt, refusal)
    outages.note_answer(attempt.message.brand)
    return accepted(attempt, external_id)


@transaction.atomic
def begin(conversation_id: int) -> SendAttempt | None:
    """Takes the next message and writes the attempt, in one transaction.

    Of a handle that is paused or must be reconnected nothing is taken: its replies stay queued. Of
    one that X does not answer they wait for their turn to be tried: asked before anything is taken,
    and again by the one that is, for others may have gone ahead.
    """
    brand = BrandAccount.objects.connected().filter(conversations=conversation_id).first()
    if brand is None:
        return None
    silent = outages.SILENT.format(brand=brand)
    if until := outages.is_silent_until(brand):
        sending.put_off(conversation_id, not_before=until, reason=silent)
        return None
    message = sending.take_next(conversation_id)
    if message is None:
        return None
    if until := outages.waits_until(brand):
        sending.put_back(message.pk, not_before=until, reason=silent)
        return None
    return SendAttempt.objects.create(message=message, lease_until=clock.now() + LEASE)


def hand_to_x(message: Message) -> str:
    """Calls X; returns X's id of the message. Raises XError."""
    client = Client.for_brand(message.brand, purpose=Purpose.AGENT)
    text, files = plain(message.text), media_ids(message)
    if message.kind == Message.Kind.DM:
        to, media_id = message.conversation.contact.x_user_id, "".join(files[:1])
        answer = client.send_dm(text, to=to, media_id=media_id)
        return str(answer["data"]["dm_event_id"])
    answer = client.create_post(text, answering=message.answers_external_id, media_ids=files)
    return str(answer["data"]["id"])


@transaction.atomic
def put_back(attempt: SendAttempt, error: XError, *, not_before: datetime) -> Message:
    """X certainly has nothing of it: the message waits in its place."""
    message = sending.put_back(attempt.message_id, not_before=not_before, reason=error.reason)
    end(attempt, Outcome.FAILED, error)
    return message


@transaction.atomic
def doubted(attempt: SendAttempt, doubt: Unconfirmed) -> Message:
    """Attempt and message at once: a worker that dies between the two would leave a message that
    is being sent for ever, and that no sweep finds."""
    message = sending.doubt(attempt.message_id, reason=doubt.reason)
    end(attempt, Outcome.UNCERTAIN, doubt)
    return message


@transaction.atomic
def refused(attempt: SendAttempt, refusal: XError) -> Message:
    reason = advised(refusal, attempt.message)
    message = sending.fail(attempt.message_id, reason=reason)
    end(attempt, Outcome.FAILED, refusal)
    return message


def answers_what_is_gone(message: Message, refusal: XError) -> bool:
    """X tells of its own accord of no post that its author deleted: this is how we hear of it."""
    return (
        isinstance(refusal, Refused)
        and bool(message.answers_external_id)
        and GONE in refusal.reason.casefold()
    )


def fail_for_its_post(attempt: SendAttempt, refusal: XError) -> Message:
    """X says the same of a post whose author has blocked this handle as of one that is deleted.

    Which it is, is asked as the app, whom nobody blocks: nothing is forgotten on a refusal alone.
    """
    message = attempt.message
    with transaction.atomic():
        reason = ITS_POST_IS_GONE.format(brand=message.brand)
        failed = sending.fail(message.pk, reason=reason)
        end(attempt, Outcome.FAILED, refusal)
    check_one(str(message.answers_external_id))
    return failed


def is_about_media(message: Message, refusal: XError) -> bool:
    """X forgets what was uploaded after a day, or sooner (reference: x-api §3.2)."""
    is_refused = isinstance(refusal, Refused) and MEDIA in refusal.reason.casefold()
    return is_refused and message.attachments.exists()


@transaction.atomic
def upload_again(attempt: SendAttempt, refusal: XError) -> Message:
    """Once: what X does not take after that fails."""
    message = sending.put_back(attempt.message_id, not_before=clock.now(), reason=FORGOTTEN)
    end(attempt, Outcome.FAILED, refusal)
    turn_down(message, refusal.reason)
    return message


@transaction.atomic
def accepted(attempt: SendAttempt, external_id: str) -> Message:
    """X may have told already that the post was deleted there."""
    sequence = int(external_id)
    is_public = attempt.message.kind == Message.Kind.PUBLIC
    known = hold([external_id]) if is_public else []
    message = sending.confirm_sent(
        attempt.message_id,
        external_id=external_id,
        sequence=sequence,
        sent_at=moment_of(sequence),
    )
    end(attempt, Outcome.SENT)
    if any(one.is_deleted for one in known):
        delete_post(external_id, brands=[message.brand])
    return message


def end(attempt: SendAttempt, outcome: SendAttempt.Outcome, error: XError | None = None) -> None:
    """Closes an attempt that is still open; one that the sweeper closed keeps its outcome. Call
    with the conversation locked: whoever erases it takes the attempt after that, too.
    """
    SendAttempt.objects.filter(pk=attempt.pk, outcome=Outcome.OPEN).update(
        outcome=outcome,
        status=error.status if error else 201,
        reason=error.reason[:300] if error else "",
        finished_at=clock.now(),
    )


def sweep() -> None:
    """Doubts what a dead worker left open, and rings for every conversation with a due message."""
    now = clock.now()
    lost = Unconfirmed("The sender stopped before X answered. It may have been sent or not.")
    for attempt in SendAttempt.objects.filter(outcome=Outcome.OPEN, lease_until__lt=now):
        doubted(attempt, lost)
    for conversation_id in due_conversations(now):
        ring_now("twitter_sync.send", queue="send", conversation_id=conversation_id)


def due_conversations(now: datetime, *, brand: BrandAccount | None = None) -> list[int]:
    """Of every handle, or of one, that X lets us act for and nobody paused: each handle in turn,
    who has waited longest first. So what is left of a day that all share is shared fairly."""
    connected = BrandAccount.objects.connected()
    if brand is not None:
        connected = connected.filter(pk=brand.pk)
    due = Message.objects.filter(
        ~Exists(before()), FREE_TO_GO, state=State.QUEUED, not_before__lte=now, brand__in=connected
    )
    turn = Window(RowNumber(), partition_by="brand", order_by="pk")
    in_turn = due.annotate(turn=turn).order_by("turn", "pk")
    return list(in_turn.values_list("conversation_id", flat=True)[:SWEEP_BATCH])


def before() -> QuerySet[Message]:
    """What goes first in the conversation of a queued message, or holds it up. A part of a chain
    that waits for the one before holds up nobody."""
    same = Message.objects.filter(conversation=OuterRef("conversation"))
    earlier = Q(FREE_TO_GO, state=State.QUEUED, pk__lt=OuterRef("pk"))
    return same.filter(earlier | Q(state__in=[State.SENDING, State.UNCERTAIN]))
