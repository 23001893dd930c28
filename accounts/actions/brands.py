"""How a handle is run: its settings, and the lines that say who changed what."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction

from accounts.access import require_admin
from accounts.announcements import access_changed
from accounts.models import BrandAccount, BrandEvent, User

log = structlog.get_logger(__name__)

SETTINGS = (
    "joins_threads",
    "join_hours",
    "reopen_days",
    "claims_on_reply",
    "takes_quotes",
    "takes_connected_handles",
    "keywords",
    "opens_keywords",
    "public_undo_seconds",
    "dm_undo_seconds",
    "answers_anyone",
    "answers_public_first",
    "marketing_phrases",
    "link_hosts",
    "dm_daily_cap",
    "stops_leaks",
    "public_details",
    "greeting_name",
    "time_zone",
)


@transaction.atomic
def change_settings(brand: BrandAccount, *, by: User, **settings: Any) -> list[str]:
    """Writes those of SETTINGS that are given and differ. Returns their names; twice changes none.

    `settings` are values as the form of the page checked them.
    """
    require_admin(by, brand)
    current = locked(brand)
    changed = [
        name for name in SETTINGS if name in settings and settings[name] != getattr(current, name)
    ]
    if not changed:
        return []
    before = {name: getattr(current, name) for name in changed}
    after = {name: settings[name] for name in changed}
    for name, value in after.items():
        setattr(current, name, value)
    current.save(update_fields=changed)
    record(current, BrandEvent.Kind.SETTINGS_CHANGED, by=by, before=before, after=after)
    return changed


def locked(brand: BrandAccount) -> BrandAccount:
    """The row as it is now, held until the transaction ends."""
    return BrandAccount.objects.select_for_update().get(pk=brand.pk)


def record(
    brand: BrandAccount,
    kind: BrandEvent.Kind,
    *,
    by: User | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> BrandEvent:
    """A line for the handle's page and one for the log, with the handle's people told of it."""
    for person in User.objects.filter(is_active=True, memberships__brand=brand):
        access_changed(person)
    log.info(f"handle {kind.label.lower()}", brand=brand.pk, by=by.pk if by else None)
    return BrandEvent.objects.create(
        brand=brand, kind=kind, actor=by, before=before or {}, after=after or {}
    )
