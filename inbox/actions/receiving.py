"""Messages arrive: from customers, or ours as X echoes them or as we wrote them in X.

However many arrive together, what they may be or join is locked and read at once, what becomes of
each is decided in memory, in their order, and all of it is written at once: the number of
statements is the same for one and for hundreds. What is rare has statements of its own, in its
turn: another form of a message that we hold, and the echo of one that we have on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.actions.answering import SUMMARY, summarise, talk_in
from inbox.actions.arriving import note_arrival
from inbox.actions.attaching import keep_media, media_of
from inbox.actions.chaining import stand_behind
from inbox.actions.contacts import remember
from inbox.actions.following import follow
from inbox.actions.holding import Acquaintance, Case, Pair, hold, lock_pairs, pair_of
from inbox.actions.keeping import keep_cases
from inbox.actions.opting_out import note_opt_out
from inbox.actions.placing import place
from inbox.actions.recording import keep, locked_around, record
from inbox.actions.revising import find, find_all, forget_words, former_ids, revise
from inbox.models import ConversationEvent, Message, Thread
from inbox.text.plain import storable
from inbox.text.sameness import same_utterance
from inbox.utterance import Told, Utterance, at_first_form

Kinds = ConversationEvent.Kind


def receive(brand: BrandAccount, utterance: Utterance) -> Message:
    """Stores a message once, in the conversation it belongs to, whatever it is told and how often.

    An echo of our own message settles the row that we sent; another form of a message that we hold
    becomes part of it. Safe against other workers: one lock for each brand and contact (it takes
    the place of trust R4's conversation key).
    """
    return receive_all([Told(brand, utterance)])[0].message


class Received(NamedTuple):
    """The message that an utterance is, and whether it is this one that brought it."""

    message: Message
    is_new: bool


@transaction.atomic(savepoint=False)
def receive_all(told: Sequence[Told]) -> list[Received]:
    """Likewise for many, in their order."""
    lock_pairs(map(pair_of, told))
    reception = Reception(told)
    received = [reception.receive(one) for one in told]
    reception.write()
    return received


class Reception:
    """What arrives together, with what it may be or join in hand."""

    def __init__(self, told: Sequence[Told]) -> None:
        """Call with the pairs locked."""
        self._known = find_all(name for one in told for name in one.names())
        self._met: dict[Pair, Acquaintance] = {}
        self._touched: dict[Case, None] = {}
        if news := self._news(told):
            contacts = remember(one.utterance.customer for one in news)
            self._met = hold(news, contacts)

    def _news(self, told: Iterable[Told]) -> list[Told]:
        """What we don't hold in any form, each once."""
        news, names = [], set(self._known)
        for one in told:
            if names.isdisjoint(one.names()):
                news.append(one)
            names.update(one.names())
        return news

    def receive(self, told: Told) -> Received:
        known = next((self._known[name] for name in told.names() if name in self._known), None)
        if known is None:
            received = self._take(told)
        elif known.external_id == told.utterance.external_id:
            return Received(known, is_new=False)
        else:
            received = Received(self._revise(known, told.utterance), is_new=False)
        self._known |= dict.fromkeys(told.names(), received.message)
        return received

    def _take(self, told: Told) -> Received:
        acquaintance, utterance = self._met[pair_of(told)], at_first_form(told.utterance)
        case, ours = in_flight(acquaintance, utterance)
        if case is not None and ours is not None:
            self._settle(case, ours, utterance)
            message = ours
        else:
            case, thread = place(acquaintance, utterance)
            message = add(case, thread, utterance)
        follow(case, message)
        note_arrival(acquaintance, case, message)
        note_opt_out(acquaintance, case, message)
        self._touched[case] = None
        return Received(message, is_new=ours is None)

    def _settle(self, case: Case, message: Message, utterance: Utterance) -> None:
        self.write()
        settle(message, utterance)
        case.under_way.remove(message)
        case.talk = talk_in(case.conversation)

    def _revise(self, known: Message, utterance: Utterance) -> Message:
        self.write()
        cases = (case for one in self._met.values() for case in one.cases)
        case = next((one for one in cases if one.conversation.pk == known.conversation_id), None)
        if case is None:
            return revise(locked_around(known), known, utterance)
        message = revise(case.conversation, known, utterance)
        case.talk = talk_in(case.conversation)
        return message

    def write(self) -> None:
        """What was decided until now."""
        keep_cases(self._touched)
        self._touched = {}


def add(case: Case, thread: Thread, utterance: Utterance) -> Message:
    incoming = utterance.direction == Message.Direction.IN
    message = Message(
        brand=case.conversation.brand,
        conversation=case.conversation,
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
    case.added.append(message)
    case.media += media_of(message, utterance)
    case.former += former_ids(message, utterance.earlier_ids)
    case.talk.add(message, has_media=bool(utterance.media))
    return message


def in_flight(
    acquaintance: Acquaintance, utterance: Utterance
) -> tuple[Case, Message] | tuple[None, None]:
    """Our own message that this is the echo of, with its conversation: under way in the thread,
    with the same words. Wherever the next message of the thread would go by now."""
    if utterance.direction == Message.Direction.IN:
        return None, None
    for case in acquaintance.cases:
        thread = case.thread(utterance.kind, utterance.x_conversation_id)
        for message in case.under_way:
            if (
                thread is not None
                and message.thread_id == thread.pk
                and same_utterance(
                    message.text, message.entities, utterance.text, utterance.entities
                )
            ):
                return case, message
    return None, None


def settle(message: Message, utterance: Utterance) -> None:
    """X has our message: the row takes X's id, time and form of the text."""
    message.state = Message.State.SENT
    message.external_id = utterance.external_id
    message.sequence = utterance.sequence
    message.sent_at = utterance.sent_at
    message.text = storable(utterance.text)
    message.entities = utterance.entities
    message.failure, message.uncertain_since = "", None
    message.save()
    stand_behind(message)
    # Those that went with it are here already.
    if not message.attachments.exists():
        keep_media(message, utterance)
    ring("twitter_sync.send", queue="send", conversation_id=message.conversation_id)


@transaction.atomic
def mark_deleted(
    brand: BrandAccount, *, kind: str, external_id: str, deleted_at: datetime | None = None
) -> Message | None:
    """Leaves a tombstone: the words go, the fact stays. Returns None for what we never held."""
    message = find(brand, kind, [external_id])
    if message is None or message.deleted_at is not None:
        return message
    conversation = locked_around(message)
    message.text, message.entities, message.payload = "", {}, None
    message.deleted_at = deleted_at or clock.now()
    message.save(update_fields=["text", "entities", "payload", "deleted_at"])
    message.attachments.all().delete()
    forget_words(message)
    summarise(conversation)
    keep(conversation, *SUMMARY, what="message")
    record(conversation, Kinds.MESSAGE_DELETED, message=message)
    return message
