"""Connecting a handle: who it is, its tokens and who runs it, in the request; everything else in
the background: what X shall tell us about it, and what was said before.

What is left to do stands in rows (`Connection.set_up_due_at`, `SyncCursor.due_at`, `Backfill`), so
it goes on whoever dies meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.access import administers_any, can_administer
from accounts.actions import brands
from accounts.announcements import access_changed
from accounts.doorbell import ring
from accounts.models import BrandAccount, BrandEvent, Membership, Role, User
from twitter_sync import tokens
from twitter_sync.actions import backfilling, healing, polling
from twitter_sync.actions.erasing import is_under_way
from twitter_sync.actions.replaying import adopt_orphans
from twitter_sync.actions.setting_up import set_up
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.locks import PUT_OFF_SECONDS, Busy, lock_accounts
from twitter_sync.models import Connection, SyncCursor, Webhook
from twitter_sync.oauth import TokenPair

# How long a worker may be at the rest before another one takes it up; twice is harmless.
SET_UP_LEASE = timedelta(minutes=1)

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


class BeingErased(Exception):
    """What is held of the handle is going away right now. Nothing was changed."""

    def __init__(self, brand: BrandAccount) -> None:
        super().__init__(f"{brand} is being erased. Connect it again once that is done.")


class RunByOthers(Exception):
    """The handle is connected and other admins run it. Nothing was changed."""

    def __init__(self, brand: BrandAccount) -> None:
        super().__init__(f"{brand} is connected already, by admins that you are not one of.")


def connect(
    pair: TokenPair,
    *,
    by: User | None,
    expected: BrandAccount | None = None,
    waits: bool = False,
) -> BrandAccount:
    """Make the handle whose consent `pair` is a brand, or connect that brand again. Idempotent.

    `expected` is the brand to reconnect. The first time, `by` becomes its admin; None is this
    machine itself (a command). Webhook and subscriptions follow by a worker, or with `waits` before
    this returns; what fails there is kept for the checklist and does not undo the connection.
    Raises PermissionDenied, WrongHandle, RunByOthers and XError.
    """
    if by is not None and not administers_any(by):
        raise PermissionDenied("Only admins and the owner connect handles.")
    who = Client.for_newcomer(pair).me()["data"]
    brand = keep(who, pair, by=by, expected=expected)
    if waits:
        finish(brand.pk, waits=True)
    else:
        ring("twitter_sync.set_up", queue="default", brand_id=brand.pk)
    return brand


def finish(brand_id: int, *, waits: bool = False) -> bool:
    """Everything that a handle needs of X, made; False when another worker is at it, or was.

    While something else is set up it is put off, unless it `waits`.
    """
    asked = take(brand_id)
    if asked is None:
        return False
    held = Connection.objects.filter(brand=brand_id, set_up_due_at=asked.until)
    try:
        set_up(asked.brand, replacing=asked.replacing, waits=waits)
    except Busy:
        held.update(set_up_due_at=clock.now() + timedelta(seconds=PUT_OFF_SECONDS))
        ring("twitter_sync.set_up", queue="default", after=PUT_OFF_SECONDS, brand_id=brand_id)
        return False
    if not asked.is_first:
        see_again(asked.brand)
    held.update(set_up_due_at=None, replacing="")
    if asked.brand.keywords:
        ring("twitter_sync.keep_rules", queue="default")
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """What is ours to set up `until` then. The first time the handle was seen a moment ago."""

    brand: BrandAccount
    until: datetime
    replacing: str
    is_first: bool


@transaction.atomic
def take(brand_id: int) -> Asked | None:
    due = Connection.objects.due().select_for_update(of=("self",)).select_related("brand")
    held = due.filter(brand=brand_id).first()
    if held is None or held.set_up_due_at is None:
        return None
    is_first = held.set_up_due_at <= held.connected_at
    held.set_up_due_at = clock.now() + SET_UP_LEASE
    held.save(update_fields=["set_up_due_at"])
    return Asked(held.brand, held.set_up_due_at, held.replacing, is_first)


@transaction.atomic
def keep(
    who: dict[str, Any], pair: TokenPair, *, by: User | None, expected: BrandAccount | None
) -> BrandAccount:
    """The brand with its tokens and what is left to do, committed together. `who` is X's user."""
    if expected is not None and expected.x_user_id != who["id"]:
        raise WrongHandle(expected, who["username"])
    lock_accounts([who["id"]])
    brand, is_new = held_or_new(who, by=by)
    if not is_new:
        connect_again(brand, who, by=by)
    now = clock.now()
    Connection.objects.update_or_create(
        brand=brand, defaults={**tokens.columns(pair), "connected_at": now, "set_up_due_at": now}
    )
    poll_soon(brand)
    adopt_orphans(brand)
    if is_new and by is not None:
        make_admin(by, brand)
    kind = BrandEvent.Kind.CONNECTED if is_new else BrandEvent.Kind.RECONNECTED
    brands.record(brand, kind, by=by)
    return brand


def held_or_new(who: dict[str, Any], *, by: User | None) -> tuple[BrandAccount, bool]:
    """The brand, locked, and whether it is new."""
    return BrandAccount.objects.select_for_update().get_or_create(
        x_user_id=who["id"],
        defaults={
            "handle": who["username"],
            "name": who["name"],
            "time_zone": by.time_zone if by else "UTC",
            # A past that a program tells is replayed as if it happened now.
            "answers_since": clock.now() if by else None,
        },
    )


def make_admin(person: User, brand: BrandAccount) -> None:
    Membership.objects.create(user=person, brand=brand, role=Role.ADMIN)
    access_changed(person)
    log.info("membership added", person=person.pk, brand=brand.pk, role=Role.ADMIN, by=person.pk)


def connect_again(brand: BrandAccount, who: dict[str, Any], *, by: User | None) -> None:
    if by is not None and not can_administer(by, brand):
        raise RunByOthers(brand)
    if is_under_way(brand):
        raise BeingErased(brand)
    brand.handle, brand.name = who["username"], who["name"]
    is_paused = brand.paused_at or brand.status == Status.PAUSED
    brand.status = Status.PAUSED if is_paused else Status.CONNECTED
    brand.save(update_fields=["handle", "name", "status"])


def check_again(brand: BrandAccount, *, replacing: str = "") -> None:
    """A worker sees whether X still lets us act for the handle, and mends what can be mended; every
    feed is read at once, and history that was given up is begun anew. Rows tell; nobody waits here.

    `replacing` is another address to take down, where X allows one webhook only: the one that was
    found in our way, or it means nothing.
    """
    told: dict[str, Any] = {"set_up_due_at": Now()}
    if replacing and replacing == in_our_way():
        told["replacing"] = replacing
    if Connection.objects.filter(brand=brand).update(**told):
        ring("twitter_sync.set_up", queue="default", brand_id=brand.pk)
        make_feeds_due(brand)
        healing.begin_anew(brand)
        backfilling.begin_anew(brand)


def in_our_way() -> str | None:
    ours = Webhook.objects.filter(url=settings.X_WEBHOOK_URL)
    return ours.values_list("blocked_by", flat=True).first()


def see_again(brand: BrandAccount) -> None:
    """Whether X takes our tokens, and by which name it knows the handle."""
    try:
        who = Client.for_brand(brand).me()["data"]
        BrandAccount.objects.filter(pk=brand.pk).update(handle=who["username"], name=who["name"])
    except XError as error:
        log.warning("handle not seen", brand=brand.pk, error=str(error))


def poll_soon(brand: BrandAccount) -> None:
    """Every feed is due: what came while the handle was away is fetched now, and what is left of
    its history after that."""
    polling.begin_feeds_of(brand)
    make_feeds_due(brand)
    healing.resume(brand)
    backfilling.resume(brand)


def make_feeds_due(brand: BrandAccount) -> None:
    polling.ask_at_once(SyncCursor.objects.filter(brand=brand))
