"""Everything that a connected handle needs of X, made and kept: our address there, what X tells us,
and whether people can write to the handle at all. Rows tell how it went; the checklist shows them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.actions.registering import register_webhook
from twitter_sync.actions.subscribing import NEEDED, QUOTES, subscribe
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.locks import one_at_a_time
from twitter_sync.models import Connection, Subscription, Webhook

REFUSED_AGAIN_AFTER = timedelta(minutes=10)
# How many other handles are asked whether they could write to one.
MOST_ASKED = 3

log = structlog.get_logger(__name__)


def set_up(brand: BrandAccount, *, replacing: str = "", waits: bool = False) -> None:
    """Webhook, subscriptions and the look at messages. Never raises XError: rows tell.

    `replacing` is another address to take down, where X allows one only. Raises Busy, unless it
    `waits`.
    """
    with one_at_a_time(waits=waits):
        webhook = register_webhook(replacing=replacing)
        if may_tell(webhook):
            subscribe(brand, webhook)
    look_at_messages(brand)


def watch() -> None:
    """Every minute: our address is valid at X, and every handle's news goes there.

    X switches a webhook off without a word, and `./run` may come up on another port. What X refused
    for good is asked again every ten minutes, so that what was mended there shows up here.
    Raises Busy; the next minute is soon enough.
    """
    connected = BrandAccount.objects.listening().filter(connection__isnull=False)
    if not connected.exists():
        return
    with one_at_a_time():
        webhook = register_webhook()
    if not may_tell(webhook):
        return
    for brand in connected.exclude(pk__in=whole(webhook)).exclude(pk__in=just_refused()):
        with one_at_a_time():
            subscribe(brand, webhook)


def renew_subscriptions(brand_id: int) -> None:
    """After a setting changed what X shall tell of a handle. Raises Busy: `watch` does it then."""
    webhook = Webhook.objects.filter(url=settings.X_WEBHOOK_URL).first()
    brand = BrandAccount.objects.listening().filter(pk=brand_id).first()
    if webhook is not None and brand is not None and (webhook.is_valid or settings.X_STREAM):
        with one_at_a_time():
            subscribe(brand, webhook)


def may_tell(webhook: Webhook) -> bool:
    """X could be asked, and has a way to tell us: our address, or else the stream that we open."""
    return not webhook.failure or (settings.X_STREAM and not webhook.is_valid)


def whole(webhook: Webhook) -> QuerySet[BrandAccount, int]:
    """Brands of which X tells `webhook` everything that is needed, and no quotes unasked."""
    told = Subscription.objects.to(webhook).filter(brand=OuterRef("pk"))
    needed = told.filter(event_type__in=NEEDED).order_by().values("brand")
    has_quotes = Exists(Subscription.objects.filter(brand=OuterRef("pk"), event_type__in=QUOTES))
    return BrandAccount.objects.filter(
        Q(Exists(told.filter(event_type__in=QUOTES)), takes_quotes=True)
        | Q(~has_quotes, takes_quotes=False),
        Exists(needed.annotate(kinds=Count("pk")).filter(kinds=len(NEEDED))),
    ).values_list("pk", flat=True)


def just_refused() -> QuerySet[Subscription, int]:
    recently = clock.now() - REFUSED_AGAIN_AFTER
    refused = Subscription.objects.filter(external_id="", checked_at__gt=recently)
    return refused.values_list("brand", flat=True)


# Can people write to the handle?


def look_at_messages(brand: BrandAccount) -> None:
    """Whether anyone can send it a message, as other connected handles see it.

    X tells a handle nothing about itself here, so without a second one it stays unknown.
    """
    others = BrandAccount.objects.listening().filter(connection__isnull=False).exclude(pk=brand.pk)
    for asker in others.order_by("-connection__connected_at")[:MOST_ASKED]:
        try:
            answer = Client.for_brand(asker, purpose=Purpose.PROFILE).users(ids=[brand.x_user_id])
        except XError as error:
            log.warning("messages not looked at", brand=brand.pk, error=str(error))
            continue
        seen = is_open(answer)
        if seen is not None:
            Connection.objects.filter(brand=brand).update(
                receives_dms=seen, receives_dms_checked_at=clock.now()
            )
            return


def is_open(answer: Answer) -> bool | None:
    """None where the answer proves nothing: the handle follows the asker, who may then write."""
    person: dict[str, Any] = next(iter(answer.get("data") or []), {})
    receives = person.get("receives_your_dm")
    if receives and "followed_by" in person.get("connection_status", []):
        return None
    return receives
