"""One invariant: its name, its sentence, and the statement that finds rows which break it."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from twitter_sync.audit.scope import Scope

# Rows that are named, and rows that are counted: what is broken a thousand times is broken.
NAMED, COUNTED = 10, 1_000


@dataclass(frozen=True, slots=True)
class Invariant:
    """`statement` selects one text for each row that breaks it, such as `message 12`; of what it
    may look at, `Scope` names the parameters. `why` says how it is read and what it can't see."""

    name: str
    sentence: str
    why: str
    statement: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`rows` are the first that break it. `unfinished`: Postgres had not answered in time."""

    invariant: Invariant
    count: int = 0
    rows: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def holds(self) -> bool:
        return self.count == 0 and not self.unfinished

    @property
    def how_many(self) -> str:
        return "did not finish" if self.unfinished else f"{counted(self.count)} rows"


def counted(count: int) -> str:
    return f"more than {COUNTED:,}" if count > COUNTED else f"{count:,}"


def examine(invariant: Invariant, scope: Scope) -> Finding:
    """Asks Postgres, for as long as the scope allows."""
    statement = f"{dedent(invariant.statement).strip()}\nLIMIT {COUNTED + 1}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [scope.patience])
            cursor.execute(statement, scope.parameters)
            rows = [str(row) for (row,) in cursor.fetchall()]
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return Finding(invariant, unfinished=True)
        raise
    return Finding(invariant, len(rows), tuple(rows[:NAMED]))
