"""What X shall tell us: our address at X, the kinds of news of each handle, and whether people can
write to it at all. Everything here may be repeated; what fails is kept in words for the checklist.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import BrandAccount
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import (
    NotSent,
    OutOfCredits,
    RateLimited,
    Refused,
    TokenRejected,
    Unconfirmed,
    XError,
)
from twitter_sync.models import Connection, Subscription, Webhook

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
WORDED = NEEDED | OFFERED
# How many other handles are asked whether they could write to one.
MOST_ASKED = 3

# After these every further call fails the same way, or waits as long.
HOPELESS = (NotSent, Unconfirmed, TokenRejected, OutOfCredits, RateLimited)

log = structlog.get_logger(__name__)


def set_up(brand: BrandAccount, *, replacing: str = "") -> None:
    """Webhook, subscriptions and the look at messages. Never raises XError: rows tell.

    `replacing` is another address to take down, where X allows one only.
    """
    with one_at_a_time():
        webhook = register_webhook(replacing=replacing)
        if webhook.is_valid:
            subscribe(brand, webhook)
    look_at_messages(brand)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two who look and then make what is missing would make it twice, and X refuses the second.

    A lock of the session: one of a transaction would hold that open while X answers.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('twitter_sync.set_up'))")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('twitter_sync.set_up'))")


# The webhook: one for the installation


def register_webhook(*, replacing: str = "") -> Webhook:
    """Our address at X, valid; or in `failure` the reason why not."""
    webhook, _ = Webhook.objects.get_or_create(url=settings.X_WEBHOOK_URL)
    webhook.failure = webhook.blocked_by = ""
    try:
        webhook.external_id = registered(webhook.url, replacing=replacing)
    except PlaceTaken as error:
        webhook.failure, webhook.blocked_by = error.reason, error.url
    except XError as error:
        webhook.failure = error.reason
        log.warning("webhook not registered", error=str(error))
    webhook.is_valid = not webhook.failure
    webhook.checked_at = timezone.now()
    webhook.save()
    return webhook


def registered(url: str, *, replacing: str) -> str:
    """X's id of a valid webhook at `url`. Raises XError."""
    app = Client.for_app()
    held = app.webhooks().get("data") or []
    ours = next((one for one in held if one["url"] == url), None)
    if ours is not None:
        if not ours["valid"]:
            app.check_webhook(ours["id"])
        return str(ours["id"])
    for one in held:
        if one["url"] == replacing or is_former(one):
            app.remove_webhook(one["id"])
    try:
        return str(app.register_webhook(url)["data"]["id"])
    except Refused as error:
        if "WebhookLimitExceeded" in error.reason and held:
            raise PlaceTaken(held[0]["url"], error) from None
        raise


class PlaceTaken(Refused):
    """X has another address for this app and takes no second one."""

    def __init__(self, url: str, error: Refused) -> None:
        reason = f"X allows one address per app, and this app's is {url}."
        super().__init__(reason[:300], endpoint=error.endpoint, status=error.status)
        self.url = url[:300]


def is_former(webhook: dict[str, Any]) -> bool:
    """An earlier address of this very installation on this machine, as after another port.

    On real X nothing is taken down unasked: a copy of the database must not silence the original.
    """
    known = Webhook.objects.filter(external_id=webhook["id"]).exists()
    return settings.X_IS_SIMULATOR and known


# Subscriptions: of each handle


def subscribe(brand: BrandAccount, webhook: Webhook) -> None:
    """Every kind of news goes to `webhook`; for each, a row says so or says why not."""
    try:
        held = subscriptions_of(brand)
        client = Client.for_brand(brand)
    except XError as error:
        note_failure(brand, list(WORDED), error)
        return
    for event_type in WORDED:
        try:
            external_id = subscribed(client, brand, event_type, held.get(event_type), webhook)
        except HOPELESS as error:
            note_failure(brand, list(WORDED)[list(WORDED).index(event_type) :], error)
            return
        except XError as error:
            note_failure(brand, [event_type], error)
        else:
            note(brand, event_type, external_id=external_id, failure="")


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
    """X's id of the subscription, made, or moved to our webhook from another. Raises XError."""
    if known is None:
        tag = f"brand:{brand.pk}"
        made = client.subscribe(event_type, webhook_id=webhook.external_id, tag=tag)["data"]
        # Nested was seen live; the documents also show it flat and in a list.
        known = made[0] if isinstance(made, list) else made.get("subscription", made)
    elif known.get("webhook_id") != webhook.external_id:
        app = Client.for_app()
        app.move_subscription(known["subscription_id"], webhook_id=webhook.external_id)
    return str(known["subscription_id"])


def note_failure(brand: BrandAccount, event_types: list[str], error: XError) -> None:
    log.warning("not subscribed", brand=brand.pk, kinds=event_types, error=str(error))
    for event_type in event_types:
        note(brand, event_type, external_id="", failure=error.reason)


def note(brand: BrandAccount, event_type: str, *, external_id: str, failure: str) -> None:
    Subscription.objects.update_or_create(
        brand=brand,
        event_type=event_type,
        defaults={"external_id": external_id, "failure": failure, "checked_at": timezone.now()},
    )


# Can people write to the handle?


def look_at_messages(brand: BrandAccount) -> None:
    """Whether anyone can send it a message, as other connected handles see it.

    X tells a handle nothing about itself here, so without a second one it stays unknown.
    """
    others = BrandAccount.objects.connected().filter(connection__isnull=False).exclude(pk=brand.pk)
    for asker in others.order_by("-connection__connected_at")[:MOST_ASKED]:
        try:
            answer = Client.for_brand(asker, purpose=Purpose.PROFILE).users(ids=[brand.x_user_id])
        except XError as error:
            log.warning("messages not looked at", brand=brand.pk, error=str(error))
            continue
        seen = is_open(answer)
        if seen is not None:
            Connection.objects.filter(brand=brand).update(
                receives_dms=seen, receives_dms_checked_at=timezone.now()
            )
            return


def is_open(answer: Answer) -> bool | None:
    """None where the answer proves nothing: the handle follows the asker, who may then write."""
    person: dict[str, Any] = next(iter(answer.get("data") or []), {})
    receives = person.get("receives_your_dm")
    if receives and "followed_by" in person.get("connection_status", []):
        return None
    return receives
