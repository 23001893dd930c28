"""What X holds of ours: seen, spoiled and made up from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from twitter_sync.actions.subscribing import NEEDED, note_success
from twitter_sync.client import Client
from twitter_sync.models import Webhook


def at_x(brand: BrandAccount) -> dict[str, str | None]:
    """What X has: the webhook of each kind of news of the handle, None for the stream alone."""
    held = Client.for_app().subscriptions()["data"]
    mine = [one for one in held if one["filter"]["user_id"] == brand.x_user_id]
    return {one["event_type"]: one.get("webhook_id") for one in mine}


def invalidate(settings: Settings) -> None:
    """X asks while our secret is wrong."""
    right, settings.X_CONSUMER_SECRET = settings.X_CONSUMER_SECRET, "wrong for a moment"
    app = Client.for_app()
    webhook = Webhook.objects.get()
    with pytest.raises(Exception, match="check_webhook"):
        app.check_webhook(webhook.external_id)
    settings.X_CONSUMER_SECRET = right


def pushed_to_us(brand: BrandAccount) -> Webhook:
    """As if X had pushed all news of the handle for a day, and said so just now."""
    now = timezone.now()
    webhook, _ = Webhook.objects.update_or_create(
        url="https://desk.example/webhooks/x/",
        defaults={"external_id": "77", "is_valid": True, "proven_at": now, "checked_at": now},
    )
    for number, kind in enumerate(NEEDED):
        note_success(brand, kind, external_id=f"{brand.pk}{number}", webhook=webhook)
    brand.subscriptions.update(granted_at=now - timedelta(days=1))
    return webhook


@contextmanager
def somebody_does(deed: str) -> Iterator[None]:
    """Another worker, by the lock that it holds."""
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [deed])
        try:
            yield
        finally:
            # A session that is closed keeps its locks until the server has noticed.
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [deed])
