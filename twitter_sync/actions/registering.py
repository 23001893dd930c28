"""Our address at X, to which it pushes: one for the installation, registered and kept valid."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from twitter_sync.client import Client
from twitter_sync.errors import UNHEARD, Refused, XError
from twitter_sync.models import Webhook

log = structlog.get_logger(__name__)


def register_webhook(*, replacing: str = "") -> Webhook:
    """Our address at X, valid; or in `failure` why not, or why X couldn't be asked."""
    webhook, _ = Webhook.objects.get_or_create(url=settings.X_WEBHOOK_URL)
    try:
        webhook.external_id = proved(webhook, replacing=replacing)
        webhook.is_valid, webhook.failure, webhook.blocked_by = True, "", ""
    except XError as error:
        webhook.is_valid = webhook.is_valid and isinstance(error, UNHEARD)
        webhook.failure = error.reason
        webhook.blocked_by = error.url if isinstance(error, PlaceTaken) else ""
        log.warning("webhook not registered", error=str(error))
    webhook.checked_at = timezone.now()
    webhook.save()
    Webhook.objects.exclude(pk=webhook.pk).update(is_valid=False)
    return webhook


def proved(webhook: Webhook, *, replacing: str) -> str:
    """X's id of our address, shown to be ours with whichever secret of the app X takes.

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
