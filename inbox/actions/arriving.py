"""Somebody who was invited in public writes in private: which invitation that answers.

Asked and decided in memory, about conversations in hand, as in `placing` (design §4.2 a).
"""

from __future__ import annotations

from collections.abc import Iterator

from inbox import live
from inbox.actions.holding import Acquaintance, Case
from inbox.actions.recording import line
from inbox.models import ConversationEvent, Handoff, Message, Thread
from inbox.utterance import Utterance


def invited_case(acquaintance: Acquaintance, utterance: Utterance) -> Case | None:
    """The conversation whose code the message carries, or whose open invitation it answers, or in
    which such a talk goes on. Codes are those of this customer: anybody can press the button."""
    if utterance.kind != Thread.Kind.DM:
        return None
    invited = list(invitations(acquaintance))
    named = (case for case, handoff in invited if is_named(handoff, utterance))
    led = (case for case, handoff in invited if leads(acquaintance, case, handoff, utterance))
    return next(named, None) or next(led, None)


def invitations(acquaintance: Acquaintance) -> Iterator[tuple[Case, Handoff]]:
    """The newest first, each with its conversation."""
    cases = {case.conversation.pk: case for case in acquaintance.cases}
    for handoff in acquaintance.handoffs:
        if handoff.conversation_id in cases:
            yield cases[handoff.conversation_id], handoff


def is_incoming(utterance: Utterance) -> bool:
    return utterance.direction == Message.Direction.IN


def is_named(handoff: Handoff, utterance: Utterance) -> bool:
    return is_incoming(utterance) and handoff.is_named_in(utterance.text)


def leads(acquaintance: Acquaintance, case: Case, handoff: Handoff, utterance: Utterance) -> bool:
    return goes_on(case, handoff, utterance) or is_answer(acquaintance, handoff, utterance)


def goes_on(case: Case, handoff: Handoff, utterance: Utterance) -> bool:
    """They came by it, and the private thread is there still: nobody has split it off."""
    is_there = case.thread(utterance.kind, utterance.x_conversation_id) is not None
    has_come = handoff.arrived_at is not None and handoff.arrived_at <= utterance.sent_at
    return has_come and is_there and case.conversation.is_active


def is_answer(acquaintance: Acquaintance, handoff: Handoff, utterance: Utterance) -> bool:
    """Invitations are open as long as a conversation that was resolved opens again."""
    days = acquaintance.brand.reopen_days
    return (
        is_incoming(utterance)
        and handoff.arrival is None
        and handoff.is_open_to(utterance.sent_at, days=days)
    )


def note_arrival(acquaintance: Acquaintance, case: Case, message: Message) -> None:
    """The first private message after an invitation is what came of it. Told late, an earlier one
    takes the place of a later, and nobody is told again."""
    if message.is_ours or message.kind != Message.Kind.DM:
        return
    handoff = answered(acquaintance, case, message)
    if handoff is None:
        return
    is_first = handoff.arrival is None
    if handoff.arrived_at is not None and handoff.arrived_at <= message.sent_at:
        return
    handoff.arrival = message
    handoff.has_code = handoff.has_code or handoff.is_named_in(message.text)
    case.handoffs.append(handoff)
    if is_first:
        after = {"has_code": handoff.has_code}
        kind = ConversationEvent.Kind.ARRIVED
        case.events.append(
            line(case.conversation, kind, message=message, after=after, at=message.sent_at)
        )
        live.announce_arrival(case.conversation, to=handoff.invited_by_id)


def answered(acquaintance: Acquaintance, case: Case, message: Message) -> Handoff | None:
    """Of the invitations in this conversation the newest that the message comes after."""
    days = acquaintance.brand.reopen_days
    for of_case, handoff in invitations(acquaintance):
        is_named = handoff.is_named_in(message.text)
        if of_case is case and (is_named or handoff.is_open_to(message.sent_at, days=days)):
            return handoff
    return None
