"""Who owes whom the next word, and what a row of the list says, out of the messages.

Everything here follows from the messages in X's order, so the order of arrival changes nothing.
"""

from __future__ import annotations

from typing import Any

from inbox.actions.history import owed_from
from inbox.models import Conversation, Message

PREVIEW_LENGTH = 160

SUMMARY = (
    "unanswered_since",
    "last_activity_at",
    "message_count",
    "preview",
    "preview_is_ours",
    "has_dm",
    "has_public",
)


# One statement: it runs for every message that arrives, and Django takes longer to word the same as
# four than Postgres takes to answer.
SUMMARISE = """
WITH said AS (
    SELECT id, sequence, sent_at, direction, state, kind, deleted_at
    FROM inbox_message WHERE conversation_id = %(conversation)s AND state <> 'cancelled'
), counted AS (
    SELECT count(*) AS number,
           count(*) FILTER (WHERE kind = 'dm') AS private,
           max(sequence) FILTER (WHERE direction = 'out' AND state = 'sent') AS answered
    FROM said
)
SELECT newest.*, counted.number, counted.private,
       (SELECT sent_at FROM said
        WHERE direction = 'in' AND deleted_at IS NULL AND id > %(resolved_through)s
          AND (counted.answered IS NULL OR sequence > counted.answered)
          AND sent_at >= %(owed_from)s
        ORDER BY sequence, id LIMIT 1) AS unanswered_since
FROM counted, inbox_message newest
WHERE newest.id = (SELECT id FROM said ORDER BY sequence DESC, id DESC LIMIT 1)
"""


def summarise(conversation: Conversation) -> None:
    """Sets the SUMMARY fields of a locked conversation; the caller saves them.

    `unanswered_since` is X's time of the first inbound after our last accepted answer and after
    the last resolve, and not history (`inbox.actions.history`).
    """
    asked = {
        "conversation": conversation.pk,
        "resolved_through": conversation.resolved_through or 0,
        "owed_from": owed_from(conversation) or "-infinity",
    }
    newest: Any = next(iter(Message.objects.raw(SUMMARISE, asked)), None)
    conversation.message_count = newest.number if newest else 0
    conversation.has_dm = bool(newest and newest.private)
    conversation.has_public = bool(newest and newest.number > newest.private)
    conversation.unanswered_since = newest.unanswered_since if newest else None
    if newest:
        conversation.last_activity_at = newest.sent_at
        conversation.preview = preview_of(newest)
        conversation.preview_is_ours = newest.is_ours


def preview_of(message: Message) -> str:
    if message.deleted_at is not None:
        return "Deleted on X"
    if message.transport == Message.Transport.XCHAT:
        return "Encrypted on X"
    words = " ".join(message.plain_text.split())
    if not words and message.attachments.exists():
        return "Attachment"
    return words if len(words) <= PREVIEW_LENGTH else words[: PREVIEW_LENGTH - 1] + "…"
