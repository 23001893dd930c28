"""Rows of the ledger get another chance: set aside and then mended, or told before their handle was
connected.

The rows stay what they were, so applying them again, or twice, is harmless. What X sends again is
another matter: `recovering`.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models.functions import Now

from accounts.doorbell import ring
from accounts.models import BrandAccount, User
from twitter_sync.models import RawEvent

State = RawEvent.State


def replay_dead(
    *,
    by: User | None = None,
    brand: BrandAccount | None = None,
    ids: Collection[int] | None = None,
) -> int:
    """After a fix: what was set aside gets another five tries. Returns how many rows do.

    All of it, or what `by` may see of it (None: everything), of one brand, of these ids. An id that
    is not there, not set aside or not theirs is passed over.
    """
    rows = RawEvent.objects.dead()
    if by is not None:
        rows = rows.visible_to(by)
    if brand is not None:
        rows = rows.filter(brand=brand)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return due_again(rows)


def adopt_orphans(brand: BrandAccount) -> int:
    """A handle was connected: what X told us for it before that is due now.

    Call with the lock of the account held (`locks.lock_accounts`), in the transaction that
    connects it.
    """
    return due_again(RawEvent.objects.orphans().filter(waits_for=brand.x_user_id))


def due_again(rows: models.QuerySet[RawEvent]) -> int:
    count = rows.update(state=State.PENDING, waits_for="", attempts=0, error="", due_at=Now())
    if count:
        ring("twitter_sync.apply", queue="ingest")
    return count
