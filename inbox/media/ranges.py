"""Which part of a file is asked for: one range of bytes, as players ask (RFC 9110 §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class NotThere(Exception):
    """The file has no such bytes."""


@dataclass(frozen=True, slots=True)
class Range:
    """The bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def asked_range(header: str, size: int) -> Range | None:
    """None for all of it: nothing was asked, or something that one may leave unheard, such as
    several parts at once. Raises NotThere."""
    found = ONE_RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(0, size - int(last)), size - 1
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and first and int(last) < int(first):
        return None
    if begin > end or begin >= size:
        raise NotThere
    return Range(begin, end)
