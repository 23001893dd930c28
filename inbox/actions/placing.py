"""Which conversation a message belongs to (design §4).

Windows are measured between the times of messages, never from now, so that the order in which
deliveries arrive changes nothing. What is asked here is in hand (`inbox.actions.holding`): nothing
asks the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import BrandAccount
from inbox.actions.arriving import invited_case
from inbox.actions.holding import Acquaintance, Case
from inbox.models import Conversation, Thread
from inbox.utterance import Utterance


def place(acquaintance: Acquaintance, utterance: Utterance) -> tuple[Case, Thread]:
    """The thread that takes a message, in a conversation that is begun when none fits."""
    kind, x_conversation_id = utterance.kind, utterance.x_conversation_id
    case = case_for(acquaintance, utterance)
    thread = case.thread(kind, x_conversation_id)
    if thread is None:
        thread = Thread(
            brand=acquaintance.brand,
            conversation=case.conversation,
            kind=kind,
            x_conversation_id=x_conversation_id,
        )
        case.threads.append(thread)
    return case, thread


def case_for(acquaintance: Acquaintance, utterance: Utterance) -> Case:
    """Where the customer was invited to, else where the thread is, else what it may join."""
    kind, sent_at = utterance.kind, utterance.sent_at
    held = newest_holding(acquaintance, kind, utterance.x_conversation_id)
    for case in (invited_case(acquaintance, utterance), held):
        if case is not None and takes_again(case.conversation, acquaintance.brand, sent_at):
            return case
    return joinable(acquaintance, kind, sent_at) or begin(acquaintance, sent_at, follows=held)


def newest_holding(acquaintance: Acquaintance, kind: str, x_conversation_id: str) -> Case | None:
    for case in acquaintance.cases:
        if case.thread(kind, x_conversation_id) is not None:
            return case
    return None


def takes_again(conversation: Conversation, brand: BrandAccount, sent_at: datetime) -> bool:
    """Resolved longer ago than the brand's reopen window stays closed (design §4.3); spam keeps
    what comes into it whenever it does."""
    resolved_at = conversation.resolved_at
    if conversation.is_spam or conversation.is_active or resolved_at is None:
        return True
    return sent_at <= resolved_at + timedelta(days=brand.reopen_days)


def joinable(acquaintance: Acquaintance, kind: str, sent_at: datetime) -> Case | None:
    """The active conversation that a new reply path joins (design §4.2 b and c, and the mirror).

    A DM joins the conversation that has DMs already, else the only lively one; a public post
    joins the only lively one that has DMs.
    """
    brand, is_private = acquaintance.brand, kind == Thread.Kind.DM
    if is_private:
        for case in acquaintance.cases:
            if case.conversation.is_active and case.has_dms:
                return case
    if not brand.joins_threads:
        return None
    # What was put away as history alone counts as if it had been there all the time.
    lively = [
        case
        for case in acquaintance.cases
        if case.conversation.is_joinable
        and (is_private or case.has_dms)
        and case.talk.is_near(sent_at, hours=brand.join_hours)
    ]
    return lively[0] if len(lively) == 1 else None


def begin(acquaintance: Acquaintance, sent_at: datetime, *, follows: Case | None) -> Case:
    conversation = Conversation(
        brand=acquaintance.brand,
        contact=acquaintance.contact,
        last_activity_at=sent_at,
        follows=follows.conversation if follows else None,
    )
    case = Case(conversation)
    acquaintance.cases.insert(0, case)
    return case
