"""Connecting a handle: who it is, its tokens, who runs it, and what X shall tell us about it."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.access import administers_any, can_administer
from accounts.announcements import access_changed
from accounts.models import BrandAccount, Membership, Role, User
from twitter_sync import tokens
from twitter_sync.actions.applying import adopt_orphans
from twitter_sync.actions.setting_up import set_up
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.models import Connection, SyncCursor
from twitter_sync.oauth import TokenPair

log = structlog.get_logger(__name__)
Status = BrandAccount.Status


class WrongHandle(Exception):
    """Another handle consented than the one to reconnect. Nothing was changed (trust T4)."""

    def __init__(self, expected: BrandAccount, came: str) -> None:
        super().__init__(
            f"You were signed in to X as @{came}, not as {expected}. Sign in to X as {expected} "
            "and start again."
        )
        self.expected = expected


class RunByOthers(Exception):
    """The handle is connected and other admins run it. Nothing was changed."""

    def __init__(self, brand: BrandAccount) -> None:
        super().__init__(f"{brand} is connected already, by admins that you are not one of.")


def connect(
    pair: TokenPair, *, by: User | None, expected: BrandAccount | None = None
) -> BrandAccount:
    """Make the handle whose consent `pair` is a brand, or connect that brand again. Idempotent.

    `expected` is the brand to reconnect. The first time, `by` becomes its admin; None is this
    machine itself (a command). Webhook and subscriptions follow; what fails there is kept for the
    checklist and does not undo the connection. Raises PermissionDenied, WrongHandle, RunByOthers
    and XError.
    """
    if by is not None and not administers_any(by):
        raise PermissionDenied("Only admins and the owner connect handles.")
    who = Client.for_newcomer(pair).me()["data"]
    brand = keep(who, pair, by=by, expected=expected)
    set_up(brand)
    return brand


@transaction.atomic
def keep(
    who: dict[str, Any], pair: TokenPair, *, by: User | None, expected: BrandAccount | None
) -> BrandAccount:
    """The brand with its tokens, committed together. `who` is X's user object."""
    if expected is not None and expected.x_user_id != who["id"]:
        raise WrongHandle(expected, who["username"])
    brand, is_new = BrandAccount.objects.select_for_update().get_or_create(
        x_user_id=who["id"],
        defaults={
            "handle": who["username"],
            "name": who["name"],
            "time_zone": by.time_zone if by else "UTC",
        },
    )
    if not is_new:
        connect_again(brand, who, by=by)
    Connection.objects.update_or_create(
        brand=brand, defaults={**tokens.columns(pair), "connected_at": timezone.now()}
    )
    poll_soon(brand)
    adopt_orphans(brand)
    if is_new and by is not None:
        Membership.objects.create(user=by, brand=brand, role=Role.ADMIN)
        access_changed(by)
        log.info("membership added", person=by.pk, brand=brand.pk, role=Role.ADMIN, by=by.pk)
    log.info("handle connected", brand=brand.pk, is_new=is_new, by=by.pk if by else None)
    return brand


def connect_again(brand: BrandAccount, who: dict[str, Any], *, by: User | None) -> None:
    if by is not None and not can_administer(by, brand):
        raise RunByOthers(brand)
    brand.handle, brand.name = who["username"], who["name"]
    if brand.status != Status.PAUSED:
        brand.status = Status.CONNECTED
    brand.save(update_fields=["handle", "name", "status"])


def check_again(brand: BrandAccount, *, replacing: str = "") -> None:
    """See whether X still lets us act for the handle, and mend what can be mended. Rows tell.

    `replacing` is another address to take down, where X allows one webhook only.
    """
    try:
        who = Client.for_brand(brand).me()["data"]
        BrandAccount.objects.filter(pk=brand.pk).update(handle=who["username"], name=who["name"])
    except XError as error:
        log.warning("handle not seen", brand=brand.pk, error=str(error))
    set_up(brand, replacing=replacing)


def poll_soon(brand: BrandAccount) -> None:
    """Every feed is due: what came while the handle was away is fetched now."""
    SyncCursor.objects.bulk_create(
        [SyncCursor(brand=brand, feed=feed) for feed in SyncCursor.Feed], ignore_conflicts=True
    )
    SyncCursor.objects.filter(brand=brand).update(due_at=timezone.now())
