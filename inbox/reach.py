"""What is said of a reply before it is typed: that it would reach nobody, and what would."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from inbox.channel import Forbidden, channel
from inbox.models import Conversation, Message, OptOut

ENCRYPTED = (
    "This person writes to you encrypted, which only X itself can open. Read and answer it in X."
)
ASKED = "This person asked not to be written to. They have written since: answer that, and no more."
SILENT = "This person asked not to be written to. They hear nothing until they write again."


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reply would come to nothing, and since when that is known. Nothing can be written where
    that `is_certain`."""

    text: str
    since: datetime | None = None
    is_certain: bool = False


def doubt_of_private(
    newest: Message | None, forbidden: Forbidden | None, opt_out: OptOut | None
) -> Doubt | None:
    """`newest` is the newest message of the thread that the customer wrote, `forbidden` what X said
    to the last that it did not carry."""
    if newest is not None and newest.transport == Message.Transport.XCHAT:
        return Doubt(ENCRYPTED, since=newest.sent_at, is_certain=True)
    if opt_out is not None:
        is_silent = newest is None or newest.sent_at <= opt_out.asked_at
        return Doubt(SILENT if is_silent else ASKED, since=opt_out.asked_at, is_certain=is_silent)
    if forbidden is None:
        return None
    return Doubt(f"X refused the last private message: {forbidden.reason}", since=forbidden.at)


def opt_out_of(conversation: Conversation) -> OptOut | None:
    told = OptOut.objects.filter(brand=conversation.brand_id, contact=conversation.contact_id)
    return told.first()


def is_left_alone(conversation: Conversation) -> bool:
    """They asked the brand for it, and have not written privately since. Two queries at most."""
    opt_out = opt_out_of(conversation)
    if opt_out is None:
        return False
    since = Message.objects.incoming().filter(
        kind=Message.Kind.DM,
        conversation__brand=conversation.brand_id,
        conversation__contact=conversation.contact_id,
        sent_at__gt=opt_out.asked_at,
    )
    return not since.exists()


def why_unanswerable(conversation: Conversation, posts: Collection[str]) -> dict[str, str]:
    """Why X takes no answer to each of these posts; those that it takes one to are left out."""
    return channel().can_answer(conversation.brand, posts) if posts else {}
