"""One open stream: what happens comes to its reader line by line, until it ends.

A line waits for its reader while there is room. Who reads too slowly loses the stream and what
waited, as X has it.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from x_simulator.streams.connections import Connection
from x_simulator.streams.past import Happened

TOLD_AT_ONCE = 100
SIGN_OF_LIFE = b"\r\n"

Tell = Callable[[Happened], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence before a sign of life, lines that may wait for a reader, and seconds in
    which a reader has to take the end before it is cut off."""

    keep_alive_s: float = 20.0
    most_waiting: int = 5_000
    cut_after_s: float = 2.0


class Stream:
    def __init__(
        self,
        connection: Connection,
        tell: Tell,
        missed: Sequence[Happened],
        patience: Patience,
        *,
        goes_on: bool,
    ) -> None:
        self.connection = connection
        self._tell = tell
        self._missed = missed
        self._patience = patience
        self._goes_on = goes_on
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def hear(self, happened: Happened) -> bool:
        """False when there is no room: its reader is too slow."""
        if not self._goes_on:
            return True
        for line in self._lines_of(happened):
            if self.waiting >= self._patience.most_waiting:
                return False
            self._say(line)
        return True

    def would_say(self, happened: Happened) -> bool:
        return self._goes_on and any(True for _ in self._lines_of(happened))

    def end(self, last: bytes, *, drop: bool = False) -> None:
        """After what waits, unless that is to `drop`."""
        if drop:
            self._waiting.clear()
        self._ended.set()
        self._say(last)

    def _say(self, line: bytes) -> None:
        self._waiting.append(line)
        self._news.set()

    async def lines(self) -> AsyncIterator[bytes]:
        for happened in self._missed:
            for line in self._lines_of(happened):
                yield line
            await asyncio.sleep(0)  # others have their turn
            if self._ended.is_set():
                break
        else:
            if not self._goes_on:
                return
        while self._waiting or not self._ended.is_set():
            yield await self._next()

    async def _next(self) -> bytes:
        """Whatever waits, or a sign of life after some silence."""
        try:
            await asyncio.wait_for(self._news.wait(), self._patience.keep_alive_s)
        except TimeoutError:
            return SIGN_OF_LIFE
        taken = [self._waiting.popleft() for _ in range(min(self.waiting, TOLD_AT_ONCE))]
        if not self._waiting:
            self._news.clear()
        return b"".join(taken)

    def _lines_of(self, happened: Happened) -> Iterable[bytes]:
        return (line_of(body) for body in self._tell(happened))

    async def overdue(self) -> None:
        """Returns when its end could not be said in time."""
        await self._ended.wait()
        await asyncio.sleep(self._patience.cut_after_s)


def line_of(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"
