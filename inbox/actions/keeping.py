"""Writing down what was decided about conversations in hand, in the same few statements for any
number of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection

from inbox import live, rows
from inbox.actions.answering import SUMMARY, show_newest
from inbox.actions.attaching import write_media
from inbox.actions.holding import Case
from inbox.actions.opting_out import write_opt_outs
from inbox.actions.recording import keep_each
from inbox.models import Conversation

# A conversation opened with the first of its messages, however late that one is told.
BEGIN_EARLIER = """
UPDATE inbox_conversationevent opened
SET created_at = told.sent_at, message_id = told.message_id
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[])
     AS told (conversation_id, sent_at, message_id)
WHERE opened.conversation_id = told.conversation_id AND opened.kind = 'opened'
  AND opened.created_at > told.sent_at
"""


def keep_cases(cases: Collection[Case]) -> None:
    """Whatever came into one, its version moves once and its desks hear of it once."""
    for case in cases:
        show_newest(case.conversation, case.talk)
    conversations = [case.conversation for case in cases]
    known = [one for one in conversations if one.pk is not None]
    insert_conversations([one for one in conversations if one.pk is None])
    keep_each(known, *SUMMARY, "status", "snoozed_until", "resolved_at", what="message")
    rows.insert([thread for case in cases for thread in case.threads if thread.pk is None])
    insert_messages(cases)
    handoffs = [handoff for case in cases for handoff in case.handoffs]
    rows.update(handoffs, "arrival", "has_code")
    begin_earlier(case for case in cases if case.began_with is not None)
    for case in cases:
        case.added, case.media, case.former, case.events = [], [], [], []
        case.handoffs, case.opt_outs, case.began_with = [], [], None


def insert_conversations(conversations: list[Conversation]) -> None:
    """One that follows another comes after it."""
    left = conversations
    while left:
        rows.insert([one for one in left if one.follows is None or one.follows.pk is not None])
        left = [one for one in left if one.pk is None]
    live.announce(*conversations, what="message")


def insert_messages(cases: Iterable[Case]) -> None:
    """With all that hangs on them."""
    rows.insert([message for case in cases for message in case.added])
    write_media([media for case in cases for media in case.media])
    former = [revision for case in cases for revision in case.former]
    rows.written(former, "ON CONFLICT DO NOTHING")
    rows.insert([event for case in cases for event in case.events])
    write_opt_outs(one for case in cases for one in case.opt_outs)


def begin_earlier(cases: Iterable[Case]) -> None:
    told = [
        (case.conversation.pk, case.began_with.sent_at, case.began_with.pk)
        for case in cases
        if case.began_with is not None
    ]
    if told:
        with connection.cursor() as cursor:
            cursor.execute(BEGIN_EARLIER, [list(column) for column in zip(*told, strict=True)])
