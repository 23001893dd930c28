"""Streams that are open: what happens comes to their readers line by line, until they end.

A line waits for its reader while there is room. Who reads too slowly loses the stream and what
waited, as X has it.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from x_simulator import errors
from x_simulator.happenings import Happening
from x_simulator.store import Store
from x_simulator.streams.connections import Connection, Connections
from x_simulator.streams.past import Happened, Past

ACTIVITY, FILTERED = "activity_stream", "filtered_stream"
MOST_OPEN = {ACTIVITY: 2, FILTERED: 1}
TOLD_AT_ONCE = 100
SIGN_OF_LIFE = b"\r\n"
SLOW_READER = "SlowReader"
SHUT_DOWN = "OperationalDisconnect"
LEFT, RECOVERED = "ClientDisconnected", "RecoveryComplete"

Tell = Callable[[Happened], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Span:
    """A time that a stream repeats before all else; one that `goes_on` has news after it."""

    since_ms: int
    until_ms: int
    goes_on: bool


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
        return (_line(body) for body in self._tell(happened))

    async def overdue(self) -> None:
        """Returns when its end could not be said in time."""
        await self._ended.wait()
        await asyncio.sleep(self._patience.cut_after_s)


def _line(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n"


class Streams:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._past = Past(store)
        self.connections = Connections(store)
        self._open: list[Stream] = []

    @property
    def patience(self) -> Patience:
        """With streams that are opened from now on."""
        return Patience(**self._store.switch("stream_patience", default={}))

    def plan(self, patience: Patience) -> None:
        self._store.set_switch("stream_patience", asdict(patience))

    def is_full(self, endpoint: str) -> bool:
        """As many are open as X allows."""
        return len(self.now_open(endpoint)) >= MOST_OPEN[endpoint]

    def open(self, endpoint: str, address: str, tell: Tell, span: Span | None) -> Stream:
        stream = Stream(
            self.connections.begin(endpoint, address),
            tell,
            self._past.between(span.since_ms, span.until_ms) if span else [],
            self.patience,
            goes_on=span is None or span.goes_on,
        )
        self._open.append(stream)
        return stream

    def now_open(self, endpoint: str = "") -> list[Stream]:
        return [one for one in self._open if endpoint in ("", one.connection.endpoint)]

    def announce(self, happenings: Sequence[Happening], at_ms: int) -> None:
        """To every open stream, and to those that will ask what they missed."""
        happened = [Happened(event, at_ms) for event in happenings]
        self._past.record(happened)
        for stream in self.now_open():
            if not all(stream.hear(one) for one in happened):
                self.end(stream, SLOW_READER)

    def end(self, stream: Stream, disconnect_type: str) -> None:
        """X says why, unless there is nothing to say, and hangs up."""
        said = _line(errors.disconnection(disconnect_type)) if disconnect_type else b""
        stream.end(said, drop=disconnect_type == SLOW_READER)
        self.forget(stream, disconnect_type)

    def forget(self, stream: Stream, reason: str) -> None:
        """It counts no more, whether or not its reader knows; twice is harmless."""
        if stream in self._open:
            self._open.remove(stream)
            self.connections.end(stream.connection, reason)

    def close(self) -> None:
        """Lets every stream end, so that the program can."""
        for stream in self.now_open():
            self.end(stream, SHUT_DOWN)
