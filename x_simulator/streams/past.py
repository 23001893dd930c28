"""What happened within the last day, for streams that were opened too late to hear of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from x_simulator import clock
from x_simulator.happenings import Happening
from x_simulator.store import Store

KEPT_MS = clock.DAY_MS
FORGOTTEN_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Happened:
    event: Happening
    at_ms: int


class Past:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, happened: Sequence[Happened]) -> None:
        for one in happened:
            number = self._store.insert(
                "INSERT INTO happenings (event_type, user_id, subject_id, at_ms)"
                " VALUES (?, ?, ?, ?)",
                (one.event.event_type, one.event.user_id, one.event.subject_id, one.at_ms),
            )
            if number % FORGOTTEN_EVERY == 0:
                oldest = one.at_ms - KEPT_MS
                self._store.write("DELETE FROM happenings WHERE at_ms < ?", (oldest,))

    def between(self, since_ms: int, until_ms: int) -> list[Happened]:
        """Oldest first; both ends belong to it."""
        rows = self._store.rows(
            "SELECT * FROM happenings WHERE at_ms BETWEEN ? AND ? ORDER BY id",
            (since_ms, until_ms),
        )
        return [
            Happened(Happening(row["event_type"], row["user_id"], row["subject_id"]), row["at_ms"])
            for row in rows
        ]
