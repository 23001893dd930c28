"""Changing the settings of a handle, and having X told where a setting is X's to keep."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.actions.brands import change_settings
from accounts.doorbell import ring
from accounts.models import BrandAccount, User


@transaction.atomic
def adjust(brand: BrandAccount, *, by: User, **settings: Any) -> list[str]:
    """The names of what changed. Whether quotes are taken is known to X by a subscription, and
    keywords by rules, which a worker makes or removes; the clock looks to it that it is done."""
    changed = change_settings(brand, by=by, **settings)
    if "takes_quotes" in changed:
        ring("twitter_sync.subscribe", queue="default", brand_id=brand.pk)
    if "keywords" in changed:
        ring("twitter_sync.keep_rules", queue="default")
    return changed
