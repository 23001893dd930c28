"""What X shall tell us of a handle: one subscription for each kind of news.

May be repeated: what is there stays, what is missing is made, why something can't be had is kept
in X's words for the checklist.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.client import Client
from twitter_sync.errors import UNHEARD, NotFound, TokenRejected, XError
from twitter_sync.models import Subscription, Webhook

# Kinds of news by X's names, worded for the checklist (reference: x-api §6).
NEEDED = {
    "dm.received": "Messages received",
    "dm.sent": "Messages sent in X",
    "post.create": "Own posts",
    "post.delete": "Own posts deleted",
    "post.mention.create": "Mentions",
    "post.reply.create": "Replies",
}
# Encrypted messages: X grants these to some accounts only, and nothing is lacking without them.
OFFERED = {
    "chat.received": "Encrypted messages received",
    "chat.sent": "Encrypted messages sent in X",
}
# Only for handles that take quotes: a setting.
QUOTES = {"post.quote.create": "Quotes"}
# After these every further call would fail the same way.
HOPELESS = (*UNHEARD, TokenRejected)

log = structlog.get_logger(__name__)


def subscribe(brand: BrandAccount, webhook: Webhook) -> None:
    """Every kind of news goes to `webhook`, or to X's stream alone while X has not taken its
    address; for each, a row says so or says why not."""
    try:
        held = subscriptions_of(brand)
        client = Client.for_brand(brand)
    except XError as error:
        note_failure(brand, wanted(brand), error)
        return
    end(brand, QUOTES.keys() - set(wanted(brand)), held)
    for number, event_type in enumerate(wanted(brand)):
        try:
            external_id = subscribed(client, brand, event_type, held.get(event_type), webhook)
        except HOPELESS as error:
            note_failure(brand, wanted(brand)[number:], error)
            return
        except XError as error:
            note_failure(brand, [event_type], error)
        else:
            note_success(brand, event_type, external_id=external_id, webhook=webhook)


def needed(brand: BrandAccount) -> dict[str, str]:
    """Kinds of news without which the handle would miss something, worded."""
    return NEEDED | QUOTES if brand.takes_quotes else NEEDED


def wanted(brand: BrandAccount) -> list[str]:
    return [*needed(brand), *OFFERED]


def subscriptions_of(brand: BrandAccount) -> dict[str, dict[str, Any]]:
    """What X has of the handle, by kind. X lists those of all handles of the app."""
    mine = (one for one in all_subscriptions() if one["filter"].get("user_id") == brand.x_user_id)
    return {one["event_type"]: one for one in mine}


def all_subscriptions() -> Iterator[dict[str, Any]]:
    app, token = Client.for_app(), None
    while True:
        page = app.subscriptions(page_token=token)
        yield from page.get("data") or []
        token = page.get("meta", {}).get("next_token")
        if not token:
            return


def subscribed(
    client: Client,
    brand: BrandAccount,
    event_type: str,
    known: dict[str, Any] | None,
    webhook: Webhook,
) -> str:
    """X's id of the subscription, made, or moved to our webhook. Raises XError."""
    if known is None:
        tag = f"brand:{brand.pk}"
        made = client.subscribe(event_type, webhook_id=webhook.external_id, tag=tag)["data"]
        # Nested was seen live; the documents also show it flat and in a list.
        known = made[0] if isinstance(made, list) else made.get("subscription", made)
    elif webhook.external_id and known.get("webhook_id") != webhook.external_id:
        app = Client.for_app()
        app.move_subscription(known["subscription_id"], webhook_id=webhook.external_id)
    return str(known["subscription_id"])


def note_success(
    brand: BrandAccount, event_type: str, *, external_id: str, webhook: Webhook
) -> None:
    now = clock.now()
    told = {
        "external_id": external_id,
        "webhook_external_id": webhook.external_id,
        "failure": "",
        "checked_at": now,
    }
    held = Subscription.objects.filter(brand=brand, event_type=event_type, external_id=external_id)
    if not held.exists():
        told["granted_at"] = now
    Subscription.objects.update_or_create(brand=brand, event_type=event_type, defaults=told)


def note_failure(brand: BrandAccount, event_types: list[str], error: XError) -> None:
    """What X had before is believed until X says otherwise."""
    log.warning("not subscribed", brand=brand.pk, kinds=event_types, error=str(error))
    told: dict[str, object] = {"failure": error.reason, "checked_at": clock.now()}
    if not isinstance(error, UNHEARD):
        told |= {"external_id": "", "webhook_external_id": ""}
    for event_type in event_types:
        Subscription.objects.update_or_create(brand=brand, event_type=event_type, defaults=told)


# Ending them


def unsubscribe(brand: BrandAccount) -> None:
    """X tells nothing of the handle any more. Each row goes with what it stands for; those that X
    could not be asked about stay, and say why."""
    held = Subscription.objects.filter(brand=brand)
    try:
        end(brand, set(held.values_list("event_type", flat=True)), subscriptions_of(brand))
    except XError as error:
        note_failure(brand, list(held.values_list("event_type", flat=True)), error)


def end(brand: BrandAccount, event_types: set[str], held: dict[str, dict[str, Any]]) -> None:
    """Ends subscriptions of these kinds, of which X has those in `held`."""
    for event_type in event_types:
        try:
            if event_type in held:
                Client.for_app().unsubscribe(str(held[event_type]["subscription_id"]))
        except NotFound:
            log.info("subscription was gone", brand=brand.pk, kind=event_type)
        except XError as error:
            note_failure(brand, [event_type], error)
            continue
        Subscription.objects.filter(brand=brand, event_type=event_type).delete()
