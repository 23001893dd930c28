"""What somebody can do where X refused: an agent whose message it was, put behind X's own words; an
admin whose address it was, put before them."""

from __future__ import annotations

from inbox.models import Message
from twitter_sync.errors import NotSent, OutOfCredits, XError
from twitter_sync.models import Webhook

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
# By the name X gives to why it takes no address (reference: x-api §5).
OF_ADDRESS = {
    "CrcValidationFailed": (
        "X asked {url} for proof and did not get it. See that the address is reached from the "
        "internet by https, and that the keys and secrets here are this app’s at X. Then check "
        "again."
    ),
    "UrlValidationFailed": (
        "X takes no such address as {url}. It must be public, by https and without a port: "
        "HANDLED_WEB_URL says what it is made of."
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


def advised_of_address(webhook: Webhook) -> str:
    """What to do that X pushes to it, and X's reason."""
    named = (advice for name, advice in OF_ADDRESS.items() if name in webhook.failure)
    advice = next(named, "").format(url=webhook.url)
    return f"{advice} X’s words: {webhook.failure}" if advice else webhook.failure
