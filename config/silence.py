"""Hanging up on a database that neither answers nor hangs up.

A network may lose a connection in its middle and tell nobody: libpq would wait for the answer for
ever, and a worker with it. The processes that serve others wait no longer than
HANDLED_DATABASE_PATIENCE for a word, and connect anew. A statement that would take longer is ended
by the database before, so that none goes on for nobody. Commands that a person calls wait for as
long as their statements take.

With this, psycopg2 can't COPY; several rows in one INSERT do as well.
"""

from __future__ import annotations

import select
from functools import partial
from typing import Any

import psycopg2
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg2.extensions import (
    POLL_OK,
    POLL_READ,
    POLL_WRITE,
    STATUS_SETUP,
    connection,
    set_wait_callback,
)

# X waits ten seconds for an answer: who can't connect is told so within them.
CONNECTS_WITHIN = 5.0
# Of the patience: the database's own word that it is over has to come within the rest.
FOR_A_STATEMENT = 0.9
EVENTS = {POLL_READ: select.POLLIN, POLL_WRITE: select.POLLOUT}
# Where the environment has set one already, as for pages, that is shorter.
LIMIT = """
SELECT set_config('statement_timeout', %s, false) WHERE current_setting('statement_timeout') = '0'
"""


def hang_up_on_silence() -> None:
    """From now on, for every connection of this process and of those that it forks."""
    connection_created.connect(limit_statements)
    set_wait_callback(partial(wait, patience=float(settings.DATABASE_PATIENCE)))


def limit_statements(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LIMIT, [f"{settings.DATABASE_PATIENCE * FOR_A_STATEMENT * 1000:.0f}ms"])


def wait(line: connection, *, patience: float) -> None:
    """Until psycopg2 has what it waits for. Raises OperationalError, and the connection is closed,
    when nothing was heard for so many seconds."""
    within = CONNECTS_WITHIN if line.status == STATUS_SETUP else patience
    while (state := line.poll()) != POLL_OK:
        if not is_able(line.fileno(), EVENTS[state], within):
            raise psycopg2.OperationalError(f"The database was silent for {within:g} s.")


def is_able(file: int, to: int, within: float) -> bool:
    poll = select.poll()
    poll.register(file, to)
    return bool(poll.poll(1000 * within))
