"""Locks of the database that no row stands for: whole deeds, which one worker does at a time,
whichever machine runs it, and accounts of X that have no row yet.

Locks of other single things stand beside what they guard: jobs of X in `actions.recovering`,
conversations in `scene`, tokens in `tokens`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
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


def lock_accounts(x_user_ids: Collection[str], *, shared: bool = False) -> None:
    """Until the transaction ends, these accounts of X are connected or their orphans are made, not
    both.

    Shared by the workers that make orphans; whoever connects takes it before any row.
    """
    how = "_shared" if shared else ""
    with connection.cursor() as cursor:
        for x_user_id in sorted(x_user_ids):
            cursor.execute(
                f"SELECT pg_advisory_xact_lock{how}(hashtext('account'), hashtext(%s))",
                [x_user_id],
            )


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
