"""The news of the desk: ids and versions to every browser that may see them, never text.

`accounts.announcements` publishes them to Redis, `inbox.streams` hears them there for the browsers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from accounts import clock
from accounts.announcements import publish

if TYPE_CHECKING:
    from inbox.models import Conversation

CHANNEL = "handled:news"


def now_us() -> int:
    return int(clock.now().timestamp() * 1_000_000)


def announce(*conversations: Conversation, what: str) -> None:
    """Tells every desk that may see one of `conversations` that it changed, once that is committed.

    `what` is message, status, assignment, note, send or contact.
    """
    news = [
        {"id": one.pk, "version": one.version, "brand": one.brand_id, "what": what}
        for one in conversations
    ]
    if news:
        transaction.on_commit(lambda: publish(CHANNEL, *({**one, "at": now_us()} for one in news)))


def announce_arrival(conversation: Conversation, *, to: int) -> None:
    """Tells one person, by key, that somebody whom they invited came; wherever their desk is open,
    while they may see the brand."""
    announce_to(to, conversation, what="arrival")


def announce_draft_gone(conversation: Conversation, *, to: int) -> None:
    """Tells its author, likewise, that what they had typed was sent or emptied."""
    announce_to(to, conversation, what="draft")


def announce_to(person: int, conversation: Conversation, *, what: str) -> None:
    news = {"id": conversation.pk, "brand": conversation.brand_id, "what": what, "to": person}
    transaction.on_commit(lambda: publish(CHANNEL, {**news, "at": now_us()}))
