"""Encrypted chats: who is in which, what was said there, and which pairs talk this way now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from x_simulator.pages import Page, Slice
from x_simulator.store import Row, Store, marks

# message: somebody said something; key: the key of the conversation changed; join: somebody came.
Kind = Literal["message", "key", "join"]


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """`id` is X's sequence id; `text` is what only the phones of the two can read."""

    id: int
    chat: str
    kind: Kind
    message_id: str
    sender_id: int
    text: str
    key_version: str
    encoded: str
    created_ms: int
    previous_id: int | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Between two (`A:B`, the smaller id first) or in a group (`g…`): that is its `name`. Its `id`
    is that of the last event, by which lists are in order. While `upgraded`, what a pair writes to
    each other is written here."""

    id: int
    name: str
    group_name: str
    created_ms: int
    updated_ms: int
    upgraded: bool
    member_ids: tuple[int, ...]

    @property
    def is_group(self) -> bool:
        return self.name.startswith("g")

    @property
    def path_name(self) -> str:
        """As X's paths and lists have it."""
        return self.name.replace(":", "-")


def pair_name(one_id: int, other_id: int) -> str:
    return f"{min(one_id, other_id)}:{max(one_id, other_id)}"


class Chats:
    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self, name: str, member_ids: Iterable[int], *, created_ms: int, group_name: str = ""
    ) -> None:
        with self._store.transaction():
            self._store.write(
                "INSERT OR IGNORE INTO chats (name, group_name, created_ms) VALUES (?, ?, ?)",
                (name, group_name, created_ms),
            )
            self._store.write_many(
                "INSERT OR IGNORE INTO chat_members (user_id, chat) VALUES (?, ?)",
                [(user_id, name) for user_id in member_ids],
            )

    def upgrade(self, name: str, *, on: bool) -> None:
        self._store.write("UPDATE chats SET upgraded = ? WHERE name = ?", (int(on), name))

    def is_upgraded(self, one_id: int, other_id: int) -> bool:
        upgraded = "SELECT upgraded FROM chats WHERE name = ?"
        return bool(self._store.value(upgraded, (pair_name(one_id, other_id),)))

    def get(self, name: str) -> Conversation | None:
        row = self._store.row(f"{_CONVERSATION} WHERE chats.name = ?", (name,))
        return None if row is None else self._conversations([row])[0]

    def of(self, user_id: int, window: Slice) -> Page[Conversation]:
        """The latest first."""
        where, values = window.where("id")
        rows = self._store.rows(
            f"SELECT * FROM ({_CONVERSATION} JOIN chat_members ON chat_members.chat = chats.name"  # noqa: S608 (fixed text)
            f" WHERE user_id = ?) WHERE {where} ORDER BY id {window.direction} LIMIT ?",
            [user_id, *values, window.limit + 1],
        )
        return window.page(self._conversations(rows))

    def _conversations(self, rows: Sequence[Row]) -> list[Conversation]:
        members = self._store.rows(
            f"SELECT * FROM chat_members WHERE chat IN ({marks(len(rows))}) ORDER BY user_id",  # noqa: S608 (placeholders only)
            [row["name"] for row in rows],
        )
        return [
            Conversation(
                id=row["id"],
                name=row["name"],
                group_name=row["group_name"],
                created_ms=row["created_ms"],
                updated_ms=row["updated_ms"],
                upgraded=bool(row["upgraded"]),
                member_ids=tuple(one["user_id"] for one in members if one["chat"] == row["name"]),
            )
            for row in rows
        ]

    # Events

    def write(self, event: ChatEvent) -> None:
        self._store.write(
            "INSERT INTO chat_events (id, chat, kind, message_id, sender_id, text,"
            " key_version, encoded, created_ms, previous_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.id,
                event.chat,
                event.kind,
                event.message_id,
                event.sender_id,
                event.text,
                event.key_version,
                event.encoded,
                event.created_ms,
                event.previous_id,
            ),
        )

    def event(self, event_id: int) -> ChatEvent | None:
        row = self._store.row("SELECT * FROM chat_events WHERE id = ?", (event_id,))
        return None if row is None else _event(row)

    def last(self, chat: str, *, kind: Kind | None = None) -> ChatEvent | None:
        rows = self._store.rows(
            "SELECT * FROM chat_events WHERE chat = ? AND kind = ifnull(?, kind)"
            " ORDER BY id DESC LIMIT 1",
            (chat, kind),
        )
        return _event(rows[0]) if rows else None

    def events(self, chat: str, window: Slice) -> Page[ChatEvent]:
        """What was said and who came, the latest first."""
        where, values = window.where("id")
        rows = self._store.rows(
            f"SELECT * FROM chat_events WHERE chat = ? AND kind != 'key' AND {where}"  # noqa: S608 (fixed text)
            f" ORDER BY id {window.direction} LIMIT ?",
            [chat, *values, window.limit + 1],
        )
        return window.page([_event(row) for row in rows])

    def said_between(self, one_id: int, other_id: int, limit: int = 200) -> list[ChatEvent]:
        """The latest, oldest first, as their phones show it."""
        rows = self._store.rows(
            "SELECT * FROM chat_events WHERE chat = ? AND kind = 'message'"
            " ORDER BY id DESC LIMIT ?",
            (pair_name(one_id, other_id), limit),
        )
        return [_event(row) for row in reversed(rows)]

    def key_changes(self, chat: str, versions: Iterable[str]) -> list[ChatEvent]:
        wanted = sorted(set(versions))
        rows = self._store.rows(
            "SELECT * FROM chat_events WHERE chat = ? AND kind = 'key'"  # noqa: S608 (placeholders only)
            f" AND key_version IN ({marks(len(wanted))}) ORDER BY id",
            [chat, *wanted],
        )
        return [_event(row) for row in rows]

    def all_said(self) -> list[ChatEvent]:
        said = "SELECT * FROM chat_events WHERE kind = 'message' ORDER BY id"
        return [_event(row) for row in self._store.rows(said)]


_CONVERSATION = (
    "SELECT chats.*, last.id, last.created_ms AS updated_ms FROM chats"
    " JOIN chat_events last ON last.id ="
    " (SELECT max(id) FROM chat_events WHERE chat = chats.name)"
)


def _event(row: Row) -> ChatEvent:
    return ChatEvent(**{name: row[name] for name in row.keys()})  # noqa: SIM118 (a Row)
