"""Who owes whom the next word, and what a row of the list says, out of the messages.

Everything here follows from the messages in X's order, so the order of arrival changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Max, Q

from inbox.models import Conversation, Message
from inbox.text.plain import plain

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


def summarise(conversation: Conversation) -> None:
    """Sets the SUMMARY fields of a locked conversation; the caller saves them."""
    messages = conversation.messages.exclude(state=Message.State.CANCELLED)
    ours = Q(direction=Message.Direction.OUT, state=Message.State.SENT)
    known = messages.aggregate(
        number=Count("id"),
        private=Count("id", filter=Q(kind=Message.Kind.DM)),
        answered=Max("sequence", filter=ours),
    )
    conversation.message_count = known["number"]
    conversation.has_dm = known["private"] > 0
    conversation.has_public = known["number"] > known["private"]
    conversation.unanswered_since = first_unanswered_at(conversation, known["answered"])
    newest = messages.order_by("-sequence", "-id").first()
    if newest is None:
        return
    conversation.last_activity_at = newest.sent_at
    conversation.preview = preview_of(newest)
    conversation.preview_is_ours = newest.is_ours


def first_unanswered_at(conversation: Conversation, answered: int | None) -> datetime | None:
    """X's time of the first inbound after the sequence `answered` and after the last resolve."""
    unanswered = conversation.messages.incoming().filter(deleted_at=None)
    if answered is not None:
        unanswered = unanswered.filter(sequence__gt=answered)
    if conversation.resolved_through is not None:
        unanswered = unanswered.filter(id__gt=conversation.resolved_through)
    return unanswered.in_order().values_list("sent_at", flat=True).first()


def preview_of(message: Message) -> str:
    if message.deleted_at is not None:
        return "Deleted on X"
    if message.transport == Message.Transport.XCHAT:
        return "Encrypted on X"
    words = " ".join(plain(message.text).split())
    if not words and message.attachments.exists():
        return "Attachment"
    return words if len(words) <= PREVIEW_LENGTH else words[: PREVIEW_LENGTH - 1] + "…"
