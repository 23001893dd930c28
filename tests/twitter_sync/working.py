"""What workers do, until nothing is left to do, and what comes of it."""

from __future__ import annotations

import time

from django.db import connection

from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import look_up_due
from twitter_sync.models import RawEvent

SOMEONE_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


def apply_all() -> None:
    while apply_due():
        pass


def settle() -> None:
    """Applies what came, and looks up what it hangs on."""
    while apply_due() + look_up_due():
        pass


def apply_and_leave() -> int:
    try:
        return apply_due()
    finally:
        connection.close()


def until_someone_waits_for_a_lock() -> None:
    """In our own database: others are tested beside it."""
    ends_at = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < ends_at:
            # Who waits is kept for the time of a transaction.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(SOMEONE_WAITS)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def states() -> list[str]:
    """What became of each row of the ledger, in the order in which they came."""
    return list(RawEvent.objects.order_by("id").values_list("state", flat=True))
