"""Replies that are written and sent, and what X has of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from accounts.models import BrandAccount, User
from inbox.actions.replies import Said, reply
from inbox.models import Message, Thread
from tests.twitter_sync.bodies import dm, push, told_dms
from tests.x import Simulator
from twitter_sync.actions.applying import apply_due

SEND_DM = "/2/dm_conversations/with/"


def say(thread: Thread, by: User, text: str, key: UUID | None = None) -> Message:
    return reply(thread, Said(text, key or uuid4()), by=by)


def taken(simulator: Simulator, brand: BrandAccount) -> list[dict[str, Any]]:
    """What X took of the brand, oldest first."""
    dms = simulator.get("ledger")["dms"]
    return [dm for dm in dms if dm["sender_id"] == brand.x_user_id]


def sent(simulator: Simulator, brand: BrandAccount) -> list[str]:
    return [dm["text"] for dm in taken(simulator, brand)]


def calls(simulator: Simulator, brand: BrandAccount) -> list[dict[str, Any]]:
    made = simulator.calls()
    return [
        call
        for call in made
        if call["path"].startswith(SEND_DM) and call["user_id"] == brand.x_user_id
    ]


def echo(simulator: Simulator, client: Any, message: Message) -> None:
    """X tells our webhook of what it took."""
    contact, brand = message.conversation.contact, message.brand
    took = next(dm for dm in taken(simulator, brand) if dm["text"] == message.text)
    told = dm(brand, contact, message.text, id=took["id"])
    push(client, told_dms("dm.sent", brand, told, people=[contact]))
    apply_due()
