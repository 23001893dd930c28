"""Ending a handle's connection: the tokens go at once, here and at X; then everything that hung on
them is wound up by a worker. What customers and agents wrote stays, and can be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import clock
from accounts.access import require_admin
from accounts.actions import brands
from accounts.doorbell import ring
from accounts.models import BrandAccount, BrandEvent, User
from inbox.actions.sending import fail_queued
from inbox.models import Message
from twitter_sync import oauth, tokens
from twitter_sync.actions.setting_up import REFUSED_AGAIN_AFTER
from twitter_sync.actions.subscribing import unsubscribe
from twitter_sync.errors import XError
from twitter_sync.locks import one_at_a_time
from twitter_sync.models import Connection, Subscription

# The rest of a long queue is done when the clock rings again.
QUEUE_BATCH = 200

Status = BrandAccount.Status
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Plain tokens of a Connection that is gone, for the one call that takes them back at X."""

    tokens: list[str] = field(repr=False)
    unreadable: str = ""


def disconnect(brand: BrandAccount, *, by: User) -> str:
    """Nothing comes or goes for the handle any more. A second time changes nothing.

    Returns "" when X confirmed that the tokens are void there too, else why that is not sure, in
    words for people. Here they are destroyed in either case.
    """
    require_admin(by, brand)
    destroyed = destroy(brand, by=by)
    doubt = revoke(destroyed)
    if doubt:
        log.warning("tokens not revoked", brand=brand.pk)
    return doubt


@transaction.atomic
def destroy(brand: BrandAccount, *, by: User) -> Destroyed:
    """The row with the tokens goes in the transaction that says so."""
    current = brands.locked(brand)
    held = Connection.objects.select_for_update().filter(brand=current).first()
    destroyed = plain(held) if held else Destroyed([])
    Connection.objects.filter(brand=current).delete()
    if current.status != Status.DISCONNECTED:
        current.status, current.paused_at, current.paused_by = Status.DISCONNECTED, None, None
        current.save(update_fields=["status", "paused_at", "paused_by"])
        brands.record(current, BrandEvent.Kind.DISCONNECTED, by=by)
    ring("twitter_sync.wind_up", queue="default", brand_id=current.pk)
    return destroyed


def plain(held: Connection) -> Destroyed:
    try:
        stored = [held.refresh_token, held.access_token]
        return Destroyed([tokens.decrypt(token) for token in stored if token])
    except tokens.UnreadableToken as error:
        return Destroyed([], error.reason)


def revoke(destroyed: Destroyed) -> str:
    """Asks X to void the tokens. Returns why that is not sure, or "" when it is."""
    try:
        for token in destroyed.tokens:
            oauth.revoke(token)
    except XError as error:
        return error.reason
    return destroyed.unreadable


# What a worker does afterwards


def wind_up(brand_id: int) -> None:
    """What waited to be sent says that it won't be, and X stops telling of the handle. Twice is
    harmless. Raises Busy, with the second left to the clock."""
    brand = BrandAccount.objects.filter(pk=brand_id, status=Status.DISCONNECTED).first()
    if brand is None:
        return
    reason = f"{brand} was disconnected before this was sent."
    fail_queued(brand, reason=reason, limit=QUEUE_BATCH)
    # Who connects the handle again meanwhile is set up under the same lock.
    with one_at_a_time():
        if BrandAccount.objects.filter(pk=brand_id, status=Status.DISCONNECTED).exists():
            unsubscribe(brand)
    ring("twitter_sync.keep_rules", queue="default")


def wind_up_all() -> None:
    """From the clock: whatever of disconnected handles is left. Rows tell; what X refused is asked
    again after a while."""
    queued = Message.objects.filter(state=Message.State.QUEUED, brand=OuterRef("pk"))
    for brand in BrandAccount.objects.filter(
        Exists(subscriptions_left()) | Exists(queued), status=Status.DISCONNECTED
    ):
        wind_up(brand.pk)


def subscriptions_left() -> QuerySet[Subscription]:
    asked_lately = Q(checked_at__gt=clock.now() - REFUSED_AGAIN_AFTER) & ~Q(failure="")
    return Subscription.objects.filter(brand=OuterRef("pk")).exclude(asked_lately)
