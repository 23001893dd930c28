"""What an agent can do about a message that X refused: put behind X's own words."""

from __future__ import annotations

from inbox.models import Message
from twitter_sync.errors import NotSent, OutOfCredits, XError

# By what X says, in small letters (reference: x-api §11 and its forum).
WORDED = {
    "permission to dm": (
        "{who} takes no direct messages from {brand}, or one has blocked the other. Answer in "
        "public, and ask them to write first."
    ),
    "duplicate content": "Say it in other words, then send.",
    "reply to this conversation is not allowed": (
        "X lets {brand} answer only where it is named. Answer a post that names it, or write "
        "privately."
    ),
}
CHANGE_IT = "Change it, then send it anew."
LATER = "Retry in a while."
TOP_UP = "The owner can buy more at X; then retry."


def advised(refusal: XError, message: Message) -> str:
    """X's reason, and what to do."""
    advice = advice_on(refusal).format(
        who=message.conversation.contact.at_handle, brand=message.brand
    )
    return f"{refusal.reason} {advice}".strip()


def advice_on(refusal: XError) -> str:
    said = refusal.reason.casefold()
    worded = next((advice for words, advice in WORDED.items() if words in said), "")
    if worded:
        return worded
    if isinstance(refusal, OutOfCredits):
        return TOP_UP
    if isinstance(refusal, NotSent):
        return LATER
    return CHANGE_IT if refusal.status == 400 else ""
