"""Two at once: a deed in a worker of its own, and the moment in which it waits for a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.stack import until

# What a transaction was told of activity stays so until it is cleared.
ASK_ANEW = "SELECT pg_stat_clear_snapshot()"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def elsewhere(deed: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """As another worker does it: for a thread, with a connection of its own."""
    try:
        return deed(*args, **options)
    finally:
        connection.close()


def wait_until_waiting(number: int = 1) -> None:
    """So many others of this database wait for a lock."""
    until(lambda: waiting() == number, within=60)


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(ASK_ANEW)
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])
