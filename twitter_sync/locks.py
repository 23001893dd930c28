"""Locks of the database for whole deeds: one worker does it at a time, whichever machine runs it.

Locks of single things stand beside what they guard: accounts in `actions.applying`, jobs of X in
`actions.recovering`, conversations in `scene`, tokens in `tokens`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Who found another worker at it tries again so much later.
PUT_OFF_SECONDS = 5


def only_one(task: str) -> bool:
    """For the time of the transaction; False when another one has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [task])
        [taken] = cursor.fetchone() or [False]
    return bool(taken)


class Busy(Exception):
    """Another worker is making what is missing at X. Nothing was done."""


@contextmanager
def one_at_a_time(*, waits: bool = False) -> Iterator[None]:
    """For what is set up at X: two who look and then make what is missing would make it twice, and
    X refuses the second.

    A lock of the session: one of a transaction would hold that open while X answers. Only commands
    wait for it: workers who did would be missing elsewhere. Raises Busy.
    """
    with connection.cursor() as cursor:
        if waits:
            cursor.execute("SELECT pg_advisory_lock(hashtext('twitter_sync.set_up'))")
        else:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext('twitter_sync.set_up'))")
            if cursor.fetchone() != (True,):
                raise Busy
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('twitter_sync.set_up'))")
