"""What a public answer can be besides an answer: an invitation to write privately, or a closing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from inbox.actions.inviting import invitation_link
from inbox.channel import channel
from inbox.forms import ReplyForm
from inbox.models import Contact, Conversation, DmBlock, Handoff
from inbox.views.paths import ReplyPath

INVITING = "Please send us a direct message, so that we can look into it together."


CLOSING = "We’ve sorted this out by direct message{}. Thank you for your patience!"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a public answer can be besides an answer, in one press: `words` are suggested where
    nothing is written yet, `link` is put below them, and a post with it costs `usd`."""

    purpose: str
    words: str
    link: str = ""
    usd: Decimal | None = None

    @property
    def invites(self) -> bool:
        return self.purpose == ReplyForm.INVITATION


def offer_of(
    conversation: Conversation,
    paths: list[ReplyPath],
    block: DmBlock | None,
    handoff: Handoff | None,
) -> Offer | None:
    """To close what a handoff led to, else to invite; nobody is invited who is turned away."""
    if not any(path.is_public for path in paths):
        return None
    if handoff is not None and handoff.may_be_closed:
        return Offer(ReplyForm.CLOSING, closing_words(conversation.contact))
    if block is not None and block.is_in_force:
        return None
    link, usd = invitation_link(conversation), channel().price_of_link()
    return Offer(ReplyForm.INVITATION, INVITING, link, usd)


def closing_words(contact: Contact) -> str:
    """They name whom they are for: X refuses the same words to a second person."""
    return CLOSING.format(f", @{contact.handle}" if contact.handle else "")
