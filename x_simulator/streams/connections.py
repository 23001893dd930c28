"""Connections to streams: those that are open, and those that were, with why they ended."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from x_simulator import clock
from x_simulator.pages import Page, Slice
from x_simulator.store import Row, Store, marks

Status = Literal["active", "inactive", "all"]
_WHOSE: dict[Status, str] = {
    "active": "disconnected_ms IS NULL",
    "inactive": "disconnected_ms IS NOT NULL",
    "all": "TRUE",
}
LOST = "UpstreamUncleanDisconnect"


@dataclass(frozen=True, slots=True)
class Connection:
    id: int
    uuid: str
    endpoint: str
    address: str
    connected_ms: int
    disconnected_ms: int | None = None
    reason: str = ""

    def body(self) -> dict[str, str]:
        """Every field there is something to say about."""
        body = {
            "id": self.uuid,
            "endpoint_name": self.endpoint,
            "client_ip": self.address,
            "connected_at": clock.iso_second(self.connected_ms),
        }
        if self.disconnected_ms is None:
            return body
        ended = {"disconnected_at": clock.iso_second(self.disconnected_ms)}
        return {**body, **ended, "disconnect_reason": self.reason}


def _connection(row: Row) -> Connection:
    return Connection(
        id=row["id"],
        uuid=row["uuid"],
        endpoint=row["endpoint"],
        address=row["address"],
        connected_ms=row["connected_ms"],
        disconnected_ms=row["disconnected_ms"],
        reason=row["reason"],
    )


class Connections:
    def __init__(self, store: Store) -> None:
        """None outlives the program: those that it left open when it died are lost."""
        self._store = store
        self._store.write(
            "UPDATE connections SET disconnected_ms = ?, reason = ? WHERE disconnected_ms IS NULL",
            (clock.now_ms(), LOST),
        )

    def begin(self, endpoint: str, address: str) -> Connection:
        name, now = str(uuid.uuid4()), clock.now_ms()
        number = self._store.insert(
            "INSERT INTO connections (uuid, endpoint, address, connected_ms) VALUES (?, ?, ?, ?)",
            (name, endpoint, address, now),
        )
        return Connection(number, name, endpoint, address, now)

    def end(self, connection: Connection, reason: str) -> None:
        self._store.write(
            "UPDATE connections SET disconnected_ms = ?, reason = ? WHERE id = ?",
            (clock.now_ms(), reason, connection.id),
        )

    def page(
        self, window: Slice, status: Status, endpoints: Collection[str] = ()
    ) -> Page[Connection]:
        """Newest first; of every endpoint when none is named."""
        where, values = window.where("id")
        named = f"endpoint IN ({marks(len(endpoints))})" if endpoints else "TRUE"
        rows = self._store.rows(
            f"SELECT * FROM connections WHERE {_WHOSE[status]} AND {named} AND {where}"  # noqa: S608 (fixed text, placeholders)
            f" ORDER BY id {window.direction} LIMIT ?",
            [*endpoints, *values, window.limit + 1],
        )
        return window.page([_connection(row) for row in rows])
