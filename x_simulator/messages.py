"""Direct messages: who wrote what to whom, and who still sees it."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from x_simulator import clock, ids
from x_simulator.pages import Page, Slice
from x_simulator.store import Row, Store, Value, marks
from x_simulator.text import Entities

Source = Literal["api", "app", "load"]
EventType = Literal["MessageCreate", "ParticipantsJoin", "ParticipantsLeave"]
MAX_LENGTH = 10_000
WINDOW_MS = 30 * clock.DAY_MS


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """To one recipient or, with a `group_id`, to a group, which people join and leave."""

    id: int
    sender_id: int
    recipient_id: int
    text: str
    entities: Entities
    created_ms: int
    source: Source
    media_ids: tuple[int, ...] = ()
    event_type: EventType = "MessageCreate"
    participant_ids: tuple[int, ...] = ()
    group_id: int = 0

    @property
    def conversation_id(self) -> str:
        """X's: a group has a number of its own."""
        if self.group_id:
            return str(self.group_id)
        return conversation_of(self.sender_id, self.recipient_id)


def conversation_of(one_id: int, other_id: int) -> str:
    """X's id of a one-to-one conversation: the smaller user id, a dash, the larger."""
    return f"{min(one_id, other_id)}-{max(one_id, other_id)}"


def _message(row: Row) -> DirectMessage:
    return DirectMessage(
        id=row["id"],
        sender_id=row["sender_id"],
        recipient_id=row["recipient_id"],
        text=row["text"],
        entities=json.loads(row["entities"]),
        created_ms=row["created_ms"],
        source=row["source"],
        media_ids=tuple(json.loads(row["media_ids"])),
        event_type=row["event_type"],
        participant_ids=tuple(json.loads(row["participant_ids"])),
        group_id=ids.parse(row["conversation_id"]) or 0,
    )


class Messages:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, messages: Sequence[DirectMessage], *, seen_by: Sequence[int] | None = None
    ) -> int:
        """How many were new: an id that is there already keeps what it says. Seen by the two, or by
        those of the group."""
        with self._store.transaction():
            added = self._store.write_many(
                "INSERT OR IGNORE INTO dms (id, conversation_id, sender_id, recipient_id, text,"
                " entities, created_ms, source, media_ids, event_type, participant_ids)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_values(message) for message in messages],
            )
            self._store.write_many(
                "INSERT OR IGNORE INTO dm_boxes (user_id, dm_id) VALUES (?, ?)",
                [(user_id, m.id) for m in messages for user_id in _viewers(m, seen_by)],
            )
        return added

    def is_taken(self, dm_id: int) -> bool:
        return self._store.row("SELECT 1 FROM dms WHERE id = ?", (dm_id,)) is not None

    def get(self, dm_id: int) -> DirectMessage | None:
        row = self._store.row("SELECT * FROM dms WHERE id = ?", (dm_id,))
        return None if row is None else _message(row)

    def seen_by(self, user_id: int, dm_id: int) -> DirectMessage | None:
        """Only while it is in this person's box and not older than X's window."""
        row = self._store.row(
            f"SELECT dms.* {_IN_BOX} AND dms.id = ? AND {_IN_WINDOW}",
            (user_id, dm_id, clock.now_ms() - WINDOW_MS),
        )
        return None if row is None else _message(row)

    def page(
        self,
        user_id: int,
        window: Slice,
        *,
        conversation_id: str | None = None,
        event_types: Collection[str] = (),
    ) -> Page[DirectMessage]:
        """Newest first, of one conversation or of all this person is in; all types, or these."""
        # Whichever index leads straight to the page: the conversation's or the box's.
        column = "dm_boxes.dm_id" if conversation_id is None else "dms.id"
        where, values = window.where(column)
        clauses: list[tuple[str, list[Value]]] = [
            ("", [user_id]),
            (f"AND {where}", values),
            (f"AND {_IN_WINDOW}", [clock.now_ms() - WINDOW_MS]),
        ]
        if conversation_id is not None:
            clauses.append(("AND dms.conversation_id = ?", [conversation_id]))
        if event_types:
            types = f"AND dms.event_type IN ({marks(len(event_types))})"
            clauses.append((types, list(event_types)))
        rows = self._store.rows(
            f"SELECT dms.* {_IN_BOX} {' '.join(sql for sql, _ in clauses)}"
            f" ORDER BY {column} {window.direction} LIMIT ?",
            [*(value for _, given in clauses for value in given), window.limit + 1],
        )
        return window.page([_message(row) for row in rows])

    def between(self, one_id: int, other_id: int, limit: int = 200) -> list[DirectMessage]:
        """The latest of a conversation, oldest first, as a phone shows them."""
        rows = self._store.rows(
            "SELECT * FROM dms WHERE conversation_id = ? ORDER BY id DESC LIMIT ?",
            (conversation_of(one_id, other_id), limit),
        )
        return [_message(row) for row in reversed(rows)]

    def remove_for(self, user_id: int, dm_id: int) -> None:
        self._store.write("DELETE FROM dm_boxes WHERE user_id = ? AND dm_id = ?", (user_id, dm_id))

    def all(self) -> list[DirectMessage]:
        return [_message(row) for row in self._store.rows("SELECT * FROM dms ORDER BY id")]

    def by_ids(self, dm_ids: Iterable[int]) -> dict[int, DirectMessage]:
        wanted = list(dm_ids)
        rows = self._store.rows(f"SELECT * FROM dms WHERE id IN ({marks(len(wanted))})", wanted)  # noqa: S608 (placeholders only)
        return {row["id"]: _message(row) for row in rows}

    def first_customer(self) -> int | None:
        """The first non-brand who has ever written to a brand."""
        found: int | None = self._store.value(
            "SELECT dms.sender_id FROM dms JOIN users sender ON sender.id = dms.sender_id"
            " JOIN users recipient ON recipient.id = dms.recipient_id"
            " WHERE NOT sender.brand AND recipient.brand ORDER BY dms.id LIMIT 1"
        )
        return found


_IN_BOX = "FROM dm_boxes JOIN dms ON dms.id = dm_boxes.dm_id WHERE dm_boxes.user_id = ?"
# What was loaded is history told again: X's window does not hide it.
_IN_WINDOW = "(dms.created_ms >= ? OR dms.source = 'load')"


def _viewers(message: DirectMessage, seen_by: Sequence[int] | None) -> Sequence[int]:
    return (message.sender_id, message.recipient_id) if seen_by is None else seen_by


def _values(message: DirectMessage) -> tuple[Value, ...]:
    return (
        message.id,
        message.conversation_id,
        message.sender_id,
        message.recipient_id,
        message.text,
        json.dumps(message.entities, ensure_ascii=False),
        message.created_ms,
        message.source,
        json.dumps(message.media_ids),
        message.event_type,
        json.dumps(message.participant_ids),
    )
