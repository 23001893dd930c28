"""Pages of things ordered by id, newest first, and the opaque tokens that lead between them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from x_simulator import ids
from x_simulator.store import Value

OLDER, NEWER = b"\x01", b"\x02"


class HasId(Protocol):
    @property
    def id(self) -> int: ...


Item = TypeVar("Item", bound=HasId)


class InvalidToken(ValueError):
    """A pagination token that no answer ever carried."""


def token(towards: bytes, boundary: int) -> str:
    return base64.b32hexencode(towards + boundary.to_bytes(8, "big")).decode().rstrip("=") + "ZZZZ"


def _read(text: str) -> tuple[bytes, int]:
    try:
        raw = base64.b32hexdecode(text.removesuffix("ZZZZ") + "=")
    except ValueError as error:
        raise InvalidToken(text) from error
    if len(raw) != 9 or raw[:1] not in (OLDER, NEWER) or not text.endswith("ZZZZ"):
        raise InvalidToken(text)
    return raw[:1], min(int.from_bytes(raw[1:], "big"), ids.MAX_ID)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list is asked for: at most `limit`, older or newer than a boundary, and
    between `since` and `until` (both left out)."""

    limit: int
    towards: bytes = OLDER
    boundary: int | None = None
    since: int | None = None
    until: int | None = None

    @classmethod
    def of(
        cls,
        pagination_token: str | None,
        limit: int,
        since: int | None = None,
        until: int | None = None,
    ) -> "Slice":
        """Raises InvalidToken."""
        if pagination_token is None:
            return cls(limit, since=since, until=until)
        towards, boundary = _read(pagination_token)
        return cls(limit, towards, boundary, since, until)

    @property
    def direction(self) -> str:
        return "ASC" if self.towards == NEWER else "DESC"

    def where(self, column: str) -> tuple[str, list[Value]]:
        bounds = [
            ("<" if self.towards == OLDER else ">", self.boundary),
            (">", self.since),
            ("<", self.until),
        ]
        asked = [(sign, value) for sign, value in bounds if value is not None]
        sql = " AND ".join([f"{column} {sign} ?" for sign, _ in asked]) or "TRUE"
        return sql, [value for _, value in asked]

    def page(self, found: Sequence[Item]) -> "Page[Item]":
        """`found` holds one more than the limit when there is more in this direction."""
        more = len(found) > self.limit
        items = list(found[: self.limit])
        if self.towards == NEWER:
            items.reverse()
        first = self.boundary is None
        return Page(
            items,
            has_older=more if self.towards == OLDER else True,
            has_newer=more if self.towards == NEWER else not first,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: list[Item]
    has_older: bool
    has_newer: bool

    @property
    def next_token(self) -> str | None:
        return token(OLDER, self.items[-1].id) if self.items and self.has_older else None

    @property
    def previous_token(self) -> str | None:
        return token(NEWER, self.items[0].id) if self.items and self.has_newer else None
