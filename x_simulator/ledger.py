"""What the simulator can swear to: every API call it answered and every delivery it tried."""

from typing import Any

from x_simulator import clock
from x_simulator.store import Store

KEPT_CALLS = 20_000


class Ledger:
    def __init__(self, store: Store) -> None:
        self._store = store

    def record_call(
        self, method: str, path: str, status: int, user_id: int | None, fault: str = ""
    ) -> None:
        """The path without its query: no token and no text gets in here. The status is what was
        decided, whether or not a fault let it arrive; 0 where nothing was."""
        call_id = self._store.insert(
            "INSERT INTO calls (at_ms, method, path, status, user_id, fault)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (clock.now_ms(), method, path, status, user_id, fault),
        )
        if call_id % 1_000 == 0:
            self._store.write("DELETE FROM calls WHERE id <= ?", (call_id - KEPT_CALLS,))

    def calls(self, limit: int) -> list[dict[str, Any]]:
        """The latest, oldest first."""
        rows = self._store.rows("SELECT * FROM calls ORDER BY id DESC LIMIT ?", (limit,))
        return [
            {
                "at": clock.iso(row["at_ms"]),
                "method": row["method"],
                "path": row["path"],
                "status": row["status"],
                "user_id": None if row["user_id"] is None else str(row["user_id"]),
                "fault": row["fault"],
            }
            for row in reversed(rows)
        ]

    def deliveries(self, limit: int) -> list[dict[str, Any]]:
        """The latest, oldest first."""
        rows = self._store.rows("SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", (limit,))
        return [
            {
                "event_type": row["event_type"],
                "user_id": str(row["user_id"]),
                "subject_id": str(row["subject_id"]),
                "webhook_id": str(row["webhook_id"]),
                "state": row["state"],
                "reason": row["reason"],
                "attempt": row["attempt"],
                "fault": row["fault"],
                "queued_at": clock.iso(row["queued_ms"]),
                "done_at": None if row["done_ms"] is None else clock.iso(row["done_ms"]),
            }
            for row in reversed(rows)
        ]
