"""What is said of a reply before it is typed: that it would reach nobody, and what would."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.doorbell import ring
from inbox.channel import Forbidden, Reach, channel
from inbox.models import Conversation, Message, OptOut
from inbox.models.message import MessageQuerySet

ENCRYPTED = (
    "This person writes to you encrypted, which only X itself can open. Read and answer it in X."
)
SUSPENDED = "X has suspended {who}: nothing reaches them, and their posts are hidden."
GONE = "X says that {who} is there no more: deactivated, or deleted. Nothing reaches them."
SHUT = "X says that {who} takes no private messages from {brand}."
ASKED = "This person asked not to be written to. They have written since: answer that, and no more."
SILENT = "This person asked not to be written to. They hear nothing until they write again."


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reply would come to nothing, and since when that is known. Nothing can be written where
    that `is_certain`."""

    text: str
    since: datetime | None = None
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What speaks for writing privately: when the person last did so to the handle, and when X said
    that they take its messages."""

    wrote_at: datetime | None = None
    open_as_of: datetime | None = None


def ground_for(conversation: Conversation, reach: Reach) -> Ground:
    """One query."""
    theirs = private_words_of(conversation).order_by("-sequence")
    wrote_at = theirs.values_list("sent_at", flat=True).first()
    return Ground(wrote_at, reach.said_at if reach.takes_dms else None)


def doubt_of_account(
    conversation: Conversation, reach: Reach, wrote_at: datetime | None
) -> Doubt | None:
    """`wrote_at` is when the person last wrote: who does is there."""
    words = {"suspended": SUSPENDED, "gone": GONE}.get(reach.account)
    if words is None or is_outdated(reach, wrote_at):
        return None
    return Doubt(words.format(who=conversation.contact.at_handle), since=reach.said_at)


def is_outdated(reach: Reach, wrote_at: datetime | None) -> bool:
    return wrote_at is not None and reach.said_at is not None and wrote_at > reach.said_at


def doubt_of_private(
    conversation: Conversation,
    newest: Message | None,
    forbidden: Forbidden | None,
    opt_out: OptOut | None,
    reach: Reach,
    ground: Ground,
) -> Doubt | None:
    """`newest` is the newest message of the thread that the customer wrote, `forbidden` what X said
    to the last that it did not carry."""
    if newest is not None and newest.transport == Message.Transport.XCHAT:
        return Doubt(ENCRYPTED, since=newest.sent_at, is_certain=True)
    if opt_out is not None:
        is_silent = newest is None or newest.sent_at <= opt_out.asked_at
        return Doubt(SILENT if is_silent else ASKED, since=opt_out.asked_at, is_certain=is_silent)
    if (gone := doubt_of_account(conversation, reach, ground.wrote_at)) is not None:
        return gone
    if forbidden is not None:
        return Doubt(f"X refused the last private message: {forbidden.reason}", since=forbidden.at)
    if reach.takes_dms is not False or is_outdated(reach, ground.wrote_at):
        return None
    shut = SHUT.format(who=conversation.contact.at_handle, brand=conversation.brand)
    return Doubt(shut, since=reach.said_at)


def ask_about(conversation: Conversation) -> None:
    """Has a worker ask X, under its limits and unless it said or was asked lately."""
    ring(
        "twitter_sync.ask_reach",
        queue="default",
        brand_id=conversation.brand_id,
        contact_id=conversation.contact_id,
    )


def opt_out_of(conversation: Conversation) -> OptOut | None:
    told = OptOut.objects.filter(brand=conversation.brand_id, contact=conversation.contact_id)
    return told.first()


def is_left_alone(conversation: Conversation) -> bool:
    """They asked the brand for it, and have not written privately since."""
    standing = OptOut.objects.standing().filter(brand=conversation.brand_id)
    return standing.filter(contact=conversation.contact_id).exists()


def private_words_of(conversation: Conversation) -> MessageQuerySet:
    """What the person wrote privately to the brand, in this conversation or another."""
    return Message.objects.incoming().filter(
        kind=Message.Kind.DM,
        conversation__brand=conversation.brand_id,
        conversation__contact=conversation.contact_id,
    )


def why_unanswerable(conversation: Conversation, posts: Collection[str]) -> dict[str, str]:
    """Why X takes no answer to each of these posts; those that it takes one to are left out."""
    return channel().can_answer(conversation.brand, posts) if posts else {}
