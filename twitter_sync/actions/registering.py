"""Our address at X, to which it pushes: one for the installation, registered and kept valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from accounts import clock
from twitter_sync.actions import polling, recovering
from twitter_sync.client import Client
from twitter_sync.errors import UNHEARD, Refused, XError
from twitter_sync.models import RawEvent, Webhook

# X is asked every minute; after a longer pause nobody knows whether its pushes came through.
UNWATCHED = timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A valid webhook at X. It `is_new` when X knows it since this moment, and `was_off` when X had
    stopped pushing to it."""

    external_id: str
    is_new: bool = False
    was_off: bool = False


def register_webhook(*, replacing: str = "") -> Webhook:
    """Our address at X, valid; or in `failure` why not, or why X couldn't be asked. What X could
    not push meanwhile is asked for."""
    webhook, _ = Webhook.objects.get_or_create(url=settings.X_WEBHOOK_URL)
    was_valid = webhook.is_valid
    try:
        held = proved(webhook, replacing=replacing)
    except XError as error:
        webhook.is_valid = webhook.is_valid and isinstance(error, UNHEARD)
        webhook.failure = error.reason
        webhook.blocked_by = error.url if isinstance(error, PlaceTaken) else ""
        log.warning("webhook not registered", error=str(error))
        webhook.checked_at = clock.now()
        webhook.save()
        if was_valid and not webhook.is_valid:
            polling.hurry()
    else:
        note_valid(webhook, held)
    Webhook.objects.exclude(pk=webhook.pk).update(is_valid=False)
    return webhook


def note_valid(webhook: Webhook, held: Held) -> None:
    since = deaf_since(webhook, held)
    webhook.external_id = held.external_id
    webhook.is_valid, webhook.failure, webhook.blocked_by = True, "", ""
    webhook.checked_at = webhook.proven_at = clock.now()
    webhook.save()
    if since is not None:
        recovering.note_outage(webhook, since=since, is_new=held.is_new)


def deaf_since(webhook: Webhook, held: Held) -> datetime | None:
    """Since when X may have pushed in vain; None when it can't have.

    X says no more than that an address is off. And where nobody looked, as when this installation
    was stopped, X may have met a closed door: then, too, since the last word that came through.
    """
    proven_at = webhook.proven_at
    if proven_at is None:
        return None
    if held.is_new or held.was_off:
        return proven_at
    if clock.now() - proven_at < UNWATCHED:
        return None
    newest = RawEvent.objects.filter(source=RawEvent.Source.WEBHOOK).order_by("-pk").first()
    return max(proven_at, newest.received_at) if newest else proven_at


def proved(webhook: Webhook, *, replacing: str) -> Held:
    """Our address at X, shown to be ours with whichever secret of the app X takes.

    Its documents name the consumer secret in one place and the client secret in another. What X
    asks meanwhile is answered by another process, so the choice is saved before X is asked.
    """
    try:
        return registered(webhook.url, replacing=replacing)
    except Refused as refusal:
        if "CrcValidationFailed" not in refusal.reason or not other_secret(webhook):
            raise
        before = webhook.proves_with
        prove_with(webhook, other_secret(webhook))
        try:
            return registered(webhook.url, replacing=replacing)
        except XError:
            prove_with(webhook, before)
            raise refusal from None


def other_secret(webhook: Webhook) -> str:
    """ "" where the app has no other."""
    other = next(name for name in Webhook.Proof.values if name != webhook.proves_with)
    return str(other) if getattr(settings, other) not in ("", webhook.secret) else ""


def prove_with(webhook: Webhook, secret: str) -> None:
    webhook.proves_with = secret
    webhook.save(update_fields=["proves_with"])


def registered(url: str, *, replacing: str) -> Held:
    """A valid webhook at `url`. Raises XError."""
    app = Client.for_app()
    held = app.webhooks().get("data") or []
    ours = next((one for one in held if one["url"] == url), None)
    if ours is not None:
        if not ours["valid"]:
            switch_on(app, ours["id"])
        return Held(str(ours["id"]), was_off=not ours["valid"])
    for one in held:
        if one["url"] == replacing or is_former(one):
            app.remove_webhook(one["id"])
    try:
        return Held(str(app.register_webhook(url)["data"]["id"]), is_new=True)
    except Refused as error:
        if "WebhookLimitExceeded" in error.reason and held:
            raise PlaceTaken(held[0]["url"], error) from None
        raise


def switch_on(app: Client, webhook_id: str) -> None:
    """X asks for proof now. Raises Refused, also where X does not say so but stays unconvinced."""
    told = app.check_webhook(webhook_id).get("data") or {}
    if told.get("valid") is False:
        raise Refused("X asked this address for proof and did not get it.", endpoint="webhooks")


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
