"""Two at once: a deed in a worker of its own, and the moment in which it waits for a lock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection

# Asked anew each time, as pg_stat_activity is not within a transaction.
SOMEBODY_WAITS = """
SELECT EXISTS (SELECT FROM pg_locks
               WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))
"""


def elsewhere(deed: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """As another worker does it: for a thread, with a connection of its own."""
    try:
        return deed(*args, **options)
    finally:
        connection.close()


def wait_until_somebody_waits() -> None:
    """For what this connection holds."""
    ends_at = time.monotonic() + 60
    while not somebody_waits():
        assert time.monotonic() < ends_at, "nobody waits"
        time.sleep(0.01)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(SOMEBODY_WAITS)
        return bool(cursor.fetchone()[0])
