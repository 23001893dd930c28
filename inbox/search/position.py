"""How far a search has come, as an address carries it from page to page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from inbox.desk import BadCursor
from inbox.sequence import moment_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITTEN = re.compile(r"(?:(\d{1,19})\.(\d{1,19}))?-(?:(\d{1,16})\.(\d{1,19}))?")
LARGEST = 2**63 - 1


class Passed(Protocol):
    @property
    def sequence(self) -> int: ...
    @property
    def pk(self) -> int: ...
    @property
    def note_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Position:
    """The last message and the last note that were passed; None before the first."""

    message: tuple[int, int] | None = None
    note: tuple[datetime, int] | None = None

    def __str__(self) -> str:
        message = f"{self.message[0]}.{self.message[1]}" if self.message else ""
        note = (
            f"{(self.note[0] - EPOCH) // timedelta(microseconds=1)}.{self.note[1]}"
            if self.note
            else ""
        )
        return f"{message}-{note}"

    @classmethod
    def read(cls, written: str) -> Position:
        """Raises BadCursor for what `str` of a position never gave."""
        found = WRITTEN.fullmatch(written)
        numbers = [int(part) if part else None for part in found.groups()] if found else []
        if not numbers or any(number is not None and number > LARGEST for number in numbers):
            raise BadCursor("This place in the results is unknown. Search again.")
        sequence, pk, at, note_pk = numbers
        message = (sequence, pk) if sequence is not None and pk is not None else None
        if at is None or note_pk is None:
            return cls(message)
        return cls(message, (EPOCH + timedelta(microseconds=at), note_pk))

    @classmethod
    def at(cls, sequence: int) -> Position:
        """Everything of that moment and later was looked at."""
        return cls((sequence, 0), (moment_of(sequence), 0))

    def beyond(self, passed: Iterable[Passed]) -> Position:
        """After `passed`, which are newest first."""
        message, note = self.message, self.note
        for match in passed:
            if match.note_at is None:
                message = (match.sequence, match.pk)
            else:
                note = (match.note_at, match.pk)
        return Position(message, note)
