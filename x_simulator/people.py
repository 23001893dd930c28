"""People on X: brands and customers, who follows or blocks whom, who may write to whom."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from x_simulator import clock, ids
from x_simulator.store import Row, Store, marks

Relation = Literal["following", "blocking", "muting"]
# Of a person, as control calls say them.
FIELDS = (
    *("id", "username", "name", "brand", "description", "location", "url", "receives_your_dm"),
    *("locked", "protected", "verified_type", "long_posts", "created_at", "account"),
)
ACCOUNTS = ("active", "suspended", "deactivated")
USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")


class InvalidPerson(ValueError):
    """Says which field of a person cannot be taken."""


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str
    name: str
    description: str
    location: str
    url: str
    brand: bool
    open_dms: bool  # the setting "receive messages from anyone"
    locked: bool  # X refuses whatever this account writes
    protected: bool
    verified_type: str
    created_ms: int
    long_posts: bool = False  # pays X for posts of more than 280
    account: str = "active"  # one of ACCOUNTS

    @property
    def is_there(self) -> bool:
        return self.account == "active"


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        description=row["description"],
        location=row["location"],
        url=row["url"],
        brand=bool(row["brand"]),
        open_dms=bool(row["open_dms"]),
        locked=bool(row["locked"]),
        protected=bool(row["protected"]),
        verified_type=row["verified_type"],
        created_ms=row["created_ms"],
        long_posts=bool(row["long_posts"]),
        account=row["account"],
    )


def _joined_ms(spec: Mapping[str, Any]) -> int:
    """When a new person came to X: now, where `created_at` doesn't say otherwise."""
    told = spec.get("created_at")
    try:
        return clock.now_ms() if told is None else clock.parse_iso(str(told))
    except ValueError as error:
        raise InvalidPerson(f"created_at [{told}] is not a time") from error


def _account(told: Any) -> str:
    if told not in ACCOUNTS:
        raise InvalidPerson(f"account [{told}] is not one of {', '.join(ACCOUNTS)}")
    return str(told)


class People:
    def __init__(self, store: Store, minter: ids.Minter) -> None:
        self._store = store
        self._minter = minter

    def get(self, user_id: int) -> Person | None:
        row = self._store.row("SELECT * FROM users WHERE id = ?", (user_id,))
        return None if row is None else _person(row)

    def by_username(self, username: str) -> Person | None:
        row = self._store.row("SELECT * FROM users WHERE username_key = ?", (username.lower(),))
        return None if row is None else _person(row)

    def by_ids(self, user_ids: Iterable[int]) -> dict[int, Person]:
        wanted = list(dict.fromkeys(user_ids))
        rows = self._store.rows(f"SELECT * FROM users WHERE id IN ({marks(len(wanted))})", wanted)  # noqa: S608 (placeholders only)
        return {row["id"]: _person(row) for row in rows}

    def by_usernames(self, usernames: Iterable[str]) -> dict[str, Person]:
        """By lower-case username."""
        wanted = list({username.lower() for username in usernames})
        rows = self._store.rows(
            f"SELECT * FROM users WHERE username_key IN ({marks(len(wanted))})",  # noqa: S608 (placeholders only)
            wanted,
        )
        return {row["username_key"]: _person(row) for row in rows}

    def all(self) -> list[Person]:
        return [
            _person(row) for row in self._store.rows("SELECT * FROM users ORDER BY username_key")
        ]

    def brands(self) -> list[Person]:
        rows = self._store.rows("SELECT * FROM users WHERE brand = 1 ORDER BY username_key")
        return [_person(row) for row in rows]

    def customers(self, limit: int) -> list[Person]:
        """The first of those who are no brands, by username."""
        rows = self._store.rows(
            "SELECT * FROM users WHERE brand = 0 ORDER BY username_key LIMIT ?", (limit,)
        )
        return [_person(row) for row in rows]

    def upsert(self, spec: Mapping[str, Any]) -> Person:
        """By id, else by username. Fields that are not given keep their value.

        Raises InvalidPerson for a bad username, a username someone else has, or a bad id.
        """
        known = self._known(spec)
        username = str(spec.get("username") or (known.username if known else ""))
        if not USERNAME.fullmatch(username):
            raise InvalidPerson(f"username [{username}] must be 1 to 15 letters, digits or _")
        holder = self.by_username(username)
        if holder and (known is None or holder.id != known.id):
            raise InvalidPerson(f"username [{username}] belongs to user {holder.id}")
        user_id = known.id if known else self._id_of(spec) or self._minter.mint()
        self._write(user_id, username, known, spec)
        person = self.get(user_id)
        assert person is not None  # noqa: S101 (just written)
        return person

    def _known(self, spec: Mapping[str, Any]) -> Person | None:
        if spec.get("id") is not None:
            return self.get(self._id_of(spec) or 0)
        return self.by_username(str(spec.get("username", "")))

    @staticmethod
    def _id_of(spec: Mapping[str, Any]) -> int | None:
        if spec.get("id") is None:
            return None
        user_id = ids.parse(str(spec["id"]))
        if not user_id:
            raise InvalidPerson(f"id [{spec['id']}] is not a user id")
        return user_id

    def _write(
        self, user_id: int, username: str, known: Person | None, spec: Mapping[str, Any]
    ) -> None:
        def kept(key: str, attribute: str, default: Any) -> Any:
            if spec.get(key) is not None:
                return spec[key]
            return default if known is None else getattr(known, attribute)

        brand = bool(kept("brand", "brand", False))
        self._store.write(
            "INSERT INTO users (id, username, username_key, name, description, location, url,"
            " brand, open_dms, locked, protected, verified_type, created_ms, long_posts,"
            " account) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET username = excluded.username,"
            " username_key = excluded.username_key, name = excluded.name,"
            " description = excluded.description, location = excluded.location,"
            " url = excluded.url, brand = excluded.brand, open_dms = excluded.open_dms,"
            " locked = excluded.locked, protected = excluded.protected,"
            " verified_type = excluded.verified_type, long_posts = excluded.long_posts,"
            " account = excluded.account",
            (
                user_id,
                username,
                username.lower(),
                str(kept("name", "name", username)),
                str(kept("description", "description", "")),
                str(kept("location", "location", "")),
                str(kept("url", "url", "")),
                int(brand),
                int(bool(kept("receives_your_dm", "open_dms", True))),
                int(bool(kept("locked", "locked", False))),
                int(bool(kept("protected", "protected", False))),
                str(kept("verified_type", "verified_type", "business" if brand else "none")),
                known.created_ms if known else _joined_ms(spec),
                int(bool(kept("long_posts", "long_posts", False))),
                _account(kept("account", "account", "active")),
            ),
        )

    def relate(self, source_id: int, kind: Relation, target_id: int, *, on: bool) -> None:
        if on:
            sql = "INSERT OR IGNORE INTO relations (source_id, kind, target_id) VALUES (?, ?, ?)"
        else:
            sql = "DELETE FROM relations WHERE source_id = ? AND kind = ? AND target_id = ?"
        self._store.write(sql, (source_id, kind, target_id))

    def is_related(self, source_id: int, kind: Relation, target_id: int) -> bool:
        found = self._store.row(
            "SELECT 1 FROM relations WHERE source_id = ? AND target_id = ? AND kind = ?",
            (source_id, target_id, kind),
        )
        return found is not None

    def connection_status(self, viewer_id: int, other_id: int) -> list[str]:
        """In the words of X's user field: blocking, followed_by, following, muting."""
        rows = self._store.rows(
            "SELECT source_id, kind FROM relations"
            " WHERE (source_id = ? AND target_id = ?)"
            " OR (source_id = ? AND target_id = ? AND kind = 'following')",
            (viewer_id, other_id, other_id, viewer_id),
        )
        return sorted(
            row["kind"] if row["source_id"] == viewer_id else "followed_by" for row in rows
        )

    def may_message(self, sender_id: int, recipient: Person) -> bool:
        """X's rule: open to everyone, or the recipient follows or has written to the sender."""
        if not recipient.is_there or self.is_related(recipient.id, "blocking", sender_id):
            return False
        if recipient.open_dms or self.is_related(recipient.id, "following", sender_id):
            return True
        wrote = self._store.row(
            "SELECT 1 FROM dms WHERE sender_id = ? AND recipient_id = ? LIMIT 1",
            (recipient.id, sender_id),
        )
        return wrote is not None
