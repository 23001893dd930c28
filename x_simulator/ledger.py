"""What the simulator can swear to: every API call it answered and every delivery it tried."""

from typing import Any

from x_simulator import clock, lines
from x_simulator.store import Store

KEPT_CALLS = 20_000


class Ledger:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record_call(
        self,
        method: str,
        path: str,
        status: int,
        user_id: int | None,
        *,
        fault: str = "",
        subject_id: int | None = None,
    ) -> None:
        """The path without its query: no token and no text gets in here. The status is what was
        decided, whether or not a fault let it arrive; 0 where nothing was. With a subject it is an
        accepted write, which is kept for good."""
        call_id = self._store.insert(
            "INSERT INTO calls (at_ms, method, path, status, user_id, fault, subject_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (clock.now_ms(), method, path, status, user_id, fault, subject_id),
        )
        if call_id % 1_000 == 0:
            others = "DELETE FROM calls WHERE id <= ? AND subject_id IS NULL"
            self._store.write(others, (call_id - KEPT_CALLS,))

    def calls(self, limit: int) -> list[dict[str, Any]]:
        """The latest, oldest first."""
        rows = self._store.rows("SELECT * FROM calls ORDER BY id DESC LIMIT ?", (limit,))
        return [lines.call(row) for row in reversed(rows)]

    def deliveries(self, limit: int) -> list[dict[str, Any]]:
        """The latest, oldest first."""
        rows = self._store.rows("SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", (limit,))
        return [lines.delivery(row) for row in reversed(rows)]
