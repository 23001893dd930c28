"""How much of the tables an audit reads: the newest rows of each, or all of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

# Enough for what comes in within some minutes on a busy day, few enough for a second of Postgres.
NEWEST = 20_000
# What X tells us late is not looked for among the newest rows of the ledger.
PROMPT_MINUTES = 30

FLOORS = """
SELECT coalesce((SELECT id FROM inbox_message ORDER BY id DESC OFFSET %(newest)s LIMIT 1), 0),
       coalesce((SELECT id FROM inbox_conversationevent
                 ORDER BY id DESC OFFSET %(newest)s LIMIT 1), 0),
       coalesce((SELECT id FROM twitter_sync_rawevent
                 ORDER BY id DESC OFFSET %(newest)s LIMIT 1), 0),
       coalesce((SELECT id FROM twitter_sync_sendattempt
                 ORDER BY id DESC OFFSET %(newest)s LIMIT 1), 0)
"""
# The last row of the ledger that came clearly before any of the messages: a walk back from the end.
LEDGER_OF_MESSAGES = """
SELECT coalesce((
    SELECT max(id) FROM twitter_sync_rawevent WHERE received_at < (
        SELECT min(received_at) - make_interval(mins => %(minutes)s + 10)
        FROM inbox_message WHERE id > %(messages)s)
), 0)
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Of each table the rows with ids above a floor: messages, lines of history, the ledger,
    attempts. `pushes` is the floor of the part of the ledger that told the messages. Rows that a
    partial index holds, such as what is unsettled, are always read whole."""

    messages: int = 0
    history: int = 0
    ledger: int = 0
    attempts: int = 0
    pushes: int = 0
    minutes: int | None = None
    patience: str = "0"

    @property
    def parameters(self) -> dict[str, int | None]:
        names = ("messages", "history", "ledger", "attempts", "pushes", "minutes")
        return {name: getattr(self, name) for name in names} | {
            "kept_days": settings.RAW_EVENT_DAYS
        }


def everything() -> Scope:
    """Every row, however long it takes."""
    return Scope()


def recent(newest: int = NEWEST) -> Scope:
    """The newest rows, each statement for as long as a task may spend on it."""
    with connection.cursor() as cursor:
        cursor.execute(FLOORS, {"newest": newest})
        messages, history, ledger, attempts = cursor.fetchone() or (0, 0, 0, 0)
        asked = {"messages": messages, "minutes": PROMPT_MINUTES}
        cursor.execute(LEDGER_OF_MESSAGES, asked)
        [pushes] = cursor.fetchone() or [0]
    return Scope(messages, history, ledger, attempts, pushes, PROMPT_MINUTES, patience="8s")
