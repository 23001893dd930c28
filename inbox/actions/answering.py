"""Who owes whom the next word, and what a row of the list says, out of the messages.

Everything here follows from the messages in X's order, so the order of arrival changes nothing.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from inbox.actions.history import owed_from
from inbox.models import Conversation, Message
from inbox.text.render import as_said

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

# Stands for the key of a message that is not written yet: it will be the greatest.
NO_KEY_YET = 2**63 - 1

# What was said in each of many conversations, in one statement. What was cancelled does not count.
TALKS = """
WITH said AS (
    SELECT conversation_id, id, sequence, sent_at, kind, state <> 'cancelled' AS counts,
           direction = 'in' AND deleted_at IS NULL AS asks,
           max(sequence) FILTER (WHERE direction = 'out' AND state = 'sent')
               OVER (PARTITION BY conversation_id) AS answered
    FROM inbox_message WHERE conversation_id = ANY(%s)
), marked AS (
    SELECT *, asks AND (answered IS NULL OR sequence > answered) AS unanswered FROM said
)
SELECT conversation_id,
       count(*) FILTER (WHERE counts),
       count(*) FILTER (WHERE counts AND kind = 'dm'),
       max(answered),
       array_agg(sequence ORDER BY sequence, id) FILTER (WHERE unanswered),
       array_agg(id ORDER BY sequence, id) FILTER (WHERE unanswered),
       array_agg(sent_at ORDER BY sequence, id) FILTER (WHERE unanswered),
       (array_agg(sequence ORDER BY sequence DESC, id DESC) FILTER (WHERE counts))[1],
       (array_agg(id ORDER BY sequence DESC, id DESC) FILTER (WHERE counts))[1],
       array_agg(sent_at)
FROM marked GROUP BY conversation_id
"""


class Unanswered(NamedTuple):
    """A message of the customer after our last answer."""

    sequence: int
    key: int
    sent_at: datetime


@dataclass(slots=True)
class Talk:
    """What was said in a conversation, as far as it decides who owes whom the next word.

    `answered` is where our newest accepted answer stands, `unanswered` what they said after it, in
    X's order. Of the newest message only place and key are known, unless it is `newest`, in hand.
    """

    number: int = 0
    private: int = 0
    answered: int | None = None
    unanswered: list[Unanswered] = field(default_factory=list)
    newest_sequence: int | None = None
    newest_key: int | None = None
    times: list[datetime] = field(default_factory=list)
    newest: Message | None = None
    newest_has_media: bool = False

    def add(self, message: Message, *, has_media: bool) -> None:
        """A message that was received now, or was sent in X itself."""
        self.number += 1
        self.private += message.kind == Message.Kind.DM
        self.times.append(message.sent_at)
        if self.answered is None or message.sequence > self.answered:
            self._go_on(message)
        if self.newest_sequence is None or message.sequence >= self.newest_sequence:
            self.newest_sequence, self.newest_key = message.sequence, None
            self.newest, self.newest_has_media = message, has_media

    def _go_on(self, message: Message) -> None:
        if message.is_ours:
            self.answered = message.sequence
            self.unanswered = [one for one in self.unanswered if one.sequence > message.sequence]
        else:
            insort(self.unanswered, Unanswered(message.sequence, NO_KEY_YET, message.sent_at))

    def is_near(self, moment: datetime, *, hours: int) -> bool:
        """Something was said at most so long before or after."""
        window = timedelta(hours=hours)
        return any(abs(said_at - moment) <= window for said_at in self.times)


def talks_in(conversation_ids: Collection[int]) -> dict[int, Talk]:
    """What was said in each, as it is in the database; one query for any number."""
    talks = {key: Talk() for key in conversation_ids}
    if not talks:
        return talks
    with connection.cursor() as cursor:
        cursor.execute(TALKS, [list(talks)])
        for key, number, private, answered, *unanswered, newest, newest_key, times in cursor:
            waiting = zip(*(column or [] for column in unanswered), strict=True)
            talks[key] = Talk(
                number=number,
                private=private,
                answered=answered,
                unanswered=[Unanswered(*one) for one in waiting],
                newest_sequence=newest,
                newest_key=newest_key,
                times=times,
            )
    return talks


def summarise(conversation: Conversation) -> None:
    """Sets the SUMMARY fields of a locked conversation from the database; the caller saves them."""
    talk = talk_in(conversation)
    sum_up(conversation, talk)
    show_newest(conversation, talk)


def talk_in(conversation: Conversation) -> Talk:
    """What was said in one, as it is in the database, with the newest message in hand."""
    talk = talks_in([conversation.pk])[conversation.pk]
    if talk.newest_key is not None:
        talk.newest = Message.objects.get(pk=talk.newest_key)
        talk.newest_has_media = talk.newest.attachments.exists()
    return talk


def sum_up(conversation: Conversation, talk: Talk) -> None:
    """Sets the SUMMARY fields but those that show words.

    `unanswered_since` is X's time of the first inbound after our last accepted answer and after
    the last resolve, and not history (`inbox.actions.history`).
    """
    conversation.message_count = talk.number
    conversation.has_dm = talk.private > 0
    conversation.has_public = talk.number > talk.private
    conversation.unanswered_since = waits_since(conversation, talk)
    if talk.newest is not None:
        conversation.last_activity_at = talk.newest.sent_at


def waits_since(conversation: Conversation, talk: Talk) -> datetime | None:
    covered, since = conversation.resolved_through or 0, owed_from(conversation)
    for one in talk.unanswered:
        if one.key > covered and (since is None or one.sent_at >= since):
            return one.sent_at
    return None


def show_newest(conversation: Conversation, talk: Talk) -> None:
    """What the row of the list says; as it was where the newest message is not in hand."""
    if talk.newest is not None:
        conversation.preview = preview_of(talk.newest, has_media=talk.newest_has_media)
        conversation.preview_is_ours = talk.newest.is_ours


def preview_of(message: Message, *, has_media: bool) -> str:
    if message.deleted_at is not None:
        return "Deleted on X"
    if message.transport == Message.Transport.XCHAT:
        return "Encrypted on X"
    words = " ".join(as_said(message.text, message.entities).split())
    if not words and has_media:
        return "Attachment"
    return words if len(words) <= PREVIEW_LENGTH else words[: PREVIEW_LENGTH - 1] + "…"
