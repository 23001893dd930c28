"""Tokens renewed by the clock: those of a handle that nobody answers as and whose feeds wait are
kept alive too, and one that X renews no more is found out before an agent meets it (trust R10).
"""

from __future__ import annotations

import structlog

from accounts.doorbell import ring_now
from twitter_sync import tokens
from twitter_sync.errors import XError
from twitter_sync.models import Connection

log = structlog.get_logger(__name__)


def renew_due() -> int:
    """Rings for every connection whose token is about to run out. Returns how many."""
    due = Connection.objects.expiring_within(tokens.RENEW_BEFORE).order_by("expires_at")
    connection_ids = list(due.values_list("pk", flat=True))
    for connection_id in connection_ids:
        ring_now("twitter_sync.renew", queue="default", connection_id=connection_id)
    return len(connection_ids)


def renew(connection_id: int) -> bool:
    """Whether the token is fresh now. What X didn't do is tried again at the next minute; what it
    refused for good stands in the handle's status."""
    due = Connection.objects.expiring_within(tokens.RENEW_BEFORE)
    held = due.filter(pk=connection_id).first()
    if held is None:
        return False
    try:
        tokens.refresh(held)
    except XError as error:
        log.warning("token not renewed", brand=held.brand_id, error=str(error))
        return False
    return True
