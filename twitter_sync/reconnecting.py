"""Using the kept connection to the database without asking first whether it still lives.

Django asks before the first statement of a request, which is a round trip for each push. A dead
connection shows by itself, in the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def on_a_living_connection(deed: Callable[[], T]) -> T:
    """Does `deed`, and once more over a new connection where the kept one turned out to be dead.

    For what may be done twice: a connection that dies may have done it all the same.
    """
    was_kept = connection.connection is not None and not connection.in_atomic_block
    connection.health_check_done = True  # type: ignore[attr-defined] # the stubs lack it
    try:
        return deed()
    except (OperationalError, InterfaceError):
        if not was_kept or connection.is_usable():
            raise
        connection.close()
    return deed()
