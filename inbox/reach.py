"""What is said of a reply before it is typed: that it would reach nobody, and what would."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inbox.channel import Forbidden, channel
from inbox.models import Conversation, Message

ENCRYPTED = (
    "This person writes to you encrypted, which only X itself can open. Read and answer it in X."
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reply would come to nothing, and since when that is known. Nothing can be written where
    that `is_certain`."""

    text: str
    since: datetime | None = None
    is_certain: bool = False


def doubt_of_private(newest: Message | None, forbidden: Forbidden | None) -> Doubt | None:
    """`newest` is the newest message of the thread that the customer wrote, `forbidden` what X said
    to the last that it did not carry."""
    if newest is not None and newest.transport == Message.Transport.XCHAT:
        return Doubt(ENCRYPTED, since=newest.sent_at, is_certain=True)
    if forbidden is None:
        return None
    return Doubt(f"X refused the last private message: {forbidden.reason}", since=forbidden.at)


def why_unanswerable(conversation: Conversation, posts: Collection[str]) -> dict[str, str]:
    """Why X takes no answer to each of these posts; those that it takes one to are left out."""
    return channel().can_answer(conversation.brand, posts) if posts else {}
