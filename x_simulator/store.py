"""The simulator's state: one SQLite file that survives kill -9.

One process, one thread, short statements: handlers call it directly from the event loop. WAL with
`synchronous=NORMAL` loses nothing when the process dies and syncs to disk only at checkpoints.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from x_simulator import words

Row = sqlite3.Row
Value = str | int | bytes | None
# A condition, and what its placeholders stand for.
Clause = tuple[str, tuple[Value, ...]]


ADDED_COLUMNS = {
    "posts": {
        "earlier_ids": "TEXT NOT NULL DEFAULT '[]'",
        "replaced_by": "INTEGER",
        "reposted_post_id": "INTEGER",
        "media_ids": "TEXT NOT NULL DEFAULT '[]'",
        "note": "TEXT NOT NULL DEFAULT ''",
    },
    "users": {
        "long_posts": "INTEGER NOT NULL DEFAULT 0",
        "account": "TEXT NOT NULL DEFAULT 'active'",
    },
    "dms": {
        "media_ids": "TEXT NOT NULL DEFAULT '[]'",
        "event_type": "TEXT NOT NULL DEFAULT 'MessageCreate'",
        "participant_ids": "TEXT NOT NULL DEFAULT '[]'",
    },
    "webhooks": {"validated_ms": "INTEGER"},
    "media": {"alt_text": "TEXT NOT NULL DEFAULT ''"},
    "deliveries": {
        "attempt": "INTEGER NOT NULL DEFAULT 1",
        "fault": "TEXT NOT NULL DEFAULT ''",
        "due_ms": "INTEGER NOT NULL DEFAULT 0",
        "replay_job_id": "INTEGER NOT NULL DEFAULT 0",
    },
    "calls": {"fault": "TEXT NOT NULL DEFAULT ''", "subject_id": "INTEGER"},
}


class NotAStore(ValueError):
    """Why a file cannot be what a simulator kept."""


def _check(copy: sqlite3.Connection) -> None:
    try:
        (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        found = {name for (name,) in copy.execute("SELECT name FROM sqlite_schema")}
    except sqlite3.DatabaseError as error:
        raise NotAStore(str(error)) from error
    missing = {"users", "dms", "posts", "switches"} - found
    if verdict != "ok" or missing:
        raise NotAStore(f"it has no {', '.join(sorted(missing))}" if missing else verdict)


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000;"
        )
        self._db.create_function("says", 3, words.says, deterministic=True)
        self._complete()

    def _complete(self) -> None:
        """What a new file, or one that an older simulator made, doesn't have yet."""
        self._db.executescript(resources.files("x_simulator").joinpath("schema.sql").read_text())
        for table, columns in ADDED_COLUMNS.items():
            there = {row["name"] for row in self.rows(f"PRAGMA table_info({table})")}
            for name, kind in columns.items():
                if name not in there:
                    self.write(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    @contextmanager
    def still(self) -> Iterator[sqlite3.Connection]:
        """A second view, of everything as it is now, for as long as it takes and in any thread;
        meanwhile all goes on."""
        view = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            view.row_factory = sqlite3.Row
            view.execute("PRAGMA query_only=ON")
            view.execute("BEGIN")
            yield view
        finally:
            view.close()

    def watch(self, asked: Callable[[str], None]) -> None:
        """Tells every statement that is run from now on, with its values in it."""
        self._db.set_trace_callback(asked)

    def copy_to(self, path: Path) -> None:
        """All of it as it is now, in one file; in any thread, and meanwhile all goes on."""
        with self.still() as view, closing(sqlite3.connect(path)) as copy:
            view.backup(copy)

    def become(self, path: Path) -> None:
        """Everything is as in that file from now on. Raises NotAStore."""
        with closing(sqlite3.connect(path)) as copy:
            _check(copy)
            copy.backup(self._db)
        self._complete()

    def close(self) -> None:
        self._db.close()

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, values: Sequence[Value] = ()) -> Any:
        row = self.row(sql, values)
        return None if row is None else row[0]

    def write(self, sql: str, values: Sequence[Value] = ()) -> int:
        """How many rows were written."""
        return self._db.execute(sql, values).rowcount

    def write_many(self, sql: str, values: Iterable[Sequence[Value]]) -> int:
        return self._db.executemany(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The id of the new row."""
        return self._db.execute(sql, values).lastrowid or 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Never awaits inside; one within another belongs to the outer one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def switch(self, name: str, default: Any) -> Any:
        stored = self.value("SELECT value FROM switches WHERE name = ?", (name,))
        return default if stored is None else json.loads(stored)

    def set_switch(self, name: str, value: Any) -> None:
        self.write(
            "INSERT INTO switches (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )


def marks(count: int) -> str:
    """`?, ?, ?`: one placeholder per value of an IN list."""
    return ", ".join("?" * count)
