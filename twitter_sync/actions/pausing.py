"""Pausing a handle: messages go on coming in, nothing goes out, and replies wait in their place."""

from __future__ import annotations

from django.db import transaction

from accounts import clock
from accounts.access import require_admin
from accounts.actions import brands
from accounts.doorbell import ring
from accounts.models import BrandAccount, BrandEvent, User
from twitter_sync.actions.sending import due_conversations

Status = BrandAccount.Status


class NotRunning(Exception):
    """Only a handle that X lets us act for can be paused or resumed."""

    def __init__(self, brand: BrandAccount) -> None:
        super().__init__(f"{brand} is not connected to X. Reconnect it first.")


@transaction.atomic
def pause(brand: BrandAccount, *, by: User) -> BrandAccount:
    """A second time changes nothing, and leaves who paused it first. Raises NotRunning."""
    require_admin(by, brand)
    current = brands.locked(brand)
    if current.status == Status.PAUSED:
        return current
    require_running(current)
    current.status, current.paused_at, current.paused_by = Status.PAUSED, clock.now(), by
    current.save(update_fields=["status", "paused_at", "paused_by"])
    brands.record(current, BrandEvent.Kind.PAUSED, by=by)
    return current


@transaction.atomic
def resume(brand: BrandAccount, *, by: User) -> BrandAccount:
    """What waited goes out, in order. A second time changes nothing. Raises NotRunning."""
    require_admin(by, brand)
    current = brands.locked(brand)
    if current.status == Status.CONNECTED:
        return current
    require_running(current)
    current.status, current.paused_at, current.paused_by = Status.CONNECTED, None, None
    current.save(update_fields=["status", "paused_at", "paused_by"])
    brands.record(current, BrandEvent.Kind.RESUMED, by=by)
    for conversation_id in due_conversations(clock.now(), brand=current):
        ring("twitter_sync.send", queue="send", conversation_id=conversation_id)
    return current


def require_running(brand: BrandAccount) -> None:
    if brand.status not in BrandAccount.LISTENING:
        raise NotRunning(brand)
