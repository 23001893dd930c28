"""What the owner says about money: what X charges, and what a month may cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import structlog
from django.db import transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.access import require_owner
from accounts.models import User
from twitter_sync import costs
from twitter_sync.actions.measuring import measure
from twitter_sync.billing import Kind
from twitter_sync.models import Price, Spending, SyncCursor
from twitter_sync.models.spending import ONLY, month_of

log = structlog.get_logger(__name__)


@transaction.atomic
def set_prices(usd: Mapping[Kind, Decimal], *, by: User) -> list[Kind]:
    """Writes those that differ from what is held. Returns their kinds; twice changes none."""
    require_owner(by)
    held = costs.prices()
    changed = [kind for kind in usd if usd[kind] != held[kind].usd]
    for kind in changed:
        told = {"usd": usd[kind], "set_at": clock.now(), "set_by": by}
        Price.objects.update_or_create(kind=kind, defaults=told)
    if changed:
        log.info("prices changed", kinds=[str(kind) for kind in changed], by=by.pk)
        measure(clock.now())
    return changed


@transaction.atomic
def set_cap(usd: Decimal | None, *, by: User) -> bool:
    """Whether it differs from what it was; None is no cap. What had to wait for the former one is
    asked of X at once."""
    require_owner(by)
    now = clock.now()
    Spending.objects.get_or_create(pk=ONLY, defaults={"month": month_of(now)})
    spending = Spending.objects.select_for_update().get(pk=ONLY)
    if spending.cap_usd == usd:
        return False
    log.info("cap changed", before=str(spending.cap_usd), after=str(usd), by=by.pk)
    held_up = spending.pace_at(now) != Spending.Pace.FULL
    spending.cap_usd = usd
    spending.save(update_fields=["cap_usd"])
    measure(now)
    if held_up:
        SyncCursor.objects.update(due_at=Now())
    return True
