"""Hanging up on a database that neither answers nor hangs up.

A network may lose a connection in its middle and tell nobody: libpq would wait for the answer for
ever, and a worker with it. The processes that serve others wait no longer than
HANDLED_DATABASE_PATIENCE for a word, and connect anew. Commands that a person calls wait for as
long as their statements take.
"""

from __future__ import annotations

import select
from functools import partial

import psycopg2
from django.conf import settings
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP, connection, set_wait_callback

# X waits ten seconds for an answer: who can't connect is told so within them.
CONNECTS_WITHIN = 5.0


def hang_up_on_silence() -> None:
    """From now on, for every connection of this process and of those that it forks."""
    set_wait_callback(partial(wait, patience=float(settings.DATABASE_PATIENCE)))


def wait(line: connection, *, patience: float) -> None:
    """Until psycopg2 has what it waits for. Raises OperationalError, and the connection is closed,
    when nothing was heard for so many seconds."""
    within = CONNECTS_WITHIN if line.status == STATUS_SETUP else patience
    while (state := line.poll()) != POLL_OK:
        if not is_able(
            line.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT, within
        ):
            raise psycopg2.OperationalError(f"The database was silent for {within:g} s.")


def is_able(file: int, to: int, within: float) -> bool:
    poll = select.poll()
    poll.register(file, to)
    return bool(poll.poll(1000 * within))
