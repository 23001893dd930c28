"""Snowflakes: 64-bit ids that carry their time, so that order by id is order by time."""

import base64
import hashlib
from collections.abc import Callable

from x_simulator import clock

EPOCH_MS = 1_288_834_974_657
MAX_ID = 2**63 - 1


def time_of(snowflake: int) -> int:
    """Milliseconds since 1970."""
    return (snowflake >> 22) + EPOCH_MS


def first_at(ms: int) -> int:
    """The smallest snowflake of a millisecond; the first or the last for times that have none."""
    return min(max(0, ms - EPOCH_MS) << 22, MAX_ID)


def parse(text: str) -> int | None:
    """An id as it stands on the wire, or None when it cannot be one."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= MAX_ID:
        return int(text)
    return None


def resource_of(snowflake: int) -> str:
    """An opaque name that always is the same for an id, as addresses of media have it."""
    digest = hashlib.sha256(str(snowflake).encode()).digest()[:9]
    return base64.urlsafe_b64encode(digest).decode()


class Minter:
    """Mints ids from the clock, always increasing, even when the clock steps back."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def mint(self) -> int:
        self.last = max(first_at(clock.now_ms()), self.last + 1)
        return self.last

    def mint_at(self, ms: int, is_taken: Callable[[int], bool]) -> int:
        """An id of a given past time: the first of that millisecond that nobody has."""
        snowflake = first_at(ms)
        while is_taken(snowflake):
            snowflake += 1
        return snowflake
