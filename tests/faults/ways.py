"""The ways to the database and to the queue, which can be made bad: what a network does, on one
machine.

`Way` stands between a part of Handled and a server, in the process of `tests.faults.run`; `Ways` is
how a trial tells it what to do, one JSON line each. What is random comes from the seed.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
# More that is under way makes the sender wait, as a full buffer of a network does.
MOST_UNDER_WAY = 65_536
# Hanging up with this is a reset, not a farewell.
NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Weather:
    """`late` are seconds that answers take longer, `rate` bytes a second in each direction. In a
    silent one nothing comes through, and nobody hangs up; who was silenced is so for good."""

    late: float = 0.0
    rate: float = inf
    is_silent: bool = False
    resets_within: float = inf


FAIR = Weather()
BAD = {
    "latency": Weather(late=0.2),
    "reset": Weather(resets_within=0.5),
    "half-open": Weather(is_silent=True),
    "bandwidth": Weather(rate=10_000),
}


class Way:
    """Listens on a port of its own and carries every connection to the socket of a server."""

    def __init__(self, upstream: Path, seed: str) -> None:
        self.upstream, self.weather = upstream, FAIR
        self.lines: set[Line] = set()
        self.rng = random.Random(f"{seed} {upstream.name}")
        self.listener = socket.create_server((HOST, 0), backlog=128)
        self.port = int(self.listener.getsockname()[1])

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Line(self).near, sock=self.listener)

    async def close(self) -> None:
        """Nobody is called any more, and who is connected is cut off."""
        self.server.close()
        for line in list(self.lines):
            line.reset()

    def turn(self, weather: Weather) -> None:
        self.weather = weather
        for line in list(self.lines):
            line.feel(weather)


class Line:
    """One connection: `near` is the end of who called, `far` the server's."""

    def __init__(self, way: Way) -> None:
        self.way, self.is_silent = way, False
        self.near, self.far = End(self, 0.0), End(self, 1.0)
        self.near.other, self.far.other = self.far, self.near

    def begin(self) -> None:
        self.way.lines.add(self)
        self.feel(self.way.weather)
        if not self.is_silent:
            self.dialling = asyncio.get_running_loop().create_task(self.dial())

    async def dial(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_unix_connection(lambda: self.far, str(self.way.upstream))
        except OSError:
            self.near.reset()

    def feel(self, weather: Weather) -> None:
        self.is_silent |= weather.is_silent
        if weather.resets_within < inf:
            soon = self.way.rng.uniform(0, weather.resets_within)
            asyncio.get_running_loop().call_later(soon, self.reset)

    def reset(self) -> None:
        for end in (self.near, self.far):
            end.reset()

    def over(self) -> None:
        """One has hung up: what is under way still arrives, then the other hears of it."""
        self.way.lines.discard(self)
        for end in (self.near, self.far):
            end.finish()


class End(asyncio.Protocol):
    """What is said here is heard at the other end, in order and when the weather lets it."""

    other: End

    def __init__(self, line: Line, share_of_lateness: float) -> None:
        self.line, self.share_of_lateness = line, share_of_lateness
        self.transport: asyncio.Transport | None = None
        # Said before the other end was there.
        self.waiting: list[bytes] = []
        self.under_way, self.free_at = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self is self.line.near:
            self.line.begin()
        elif self.other.transport is None or self.other.transport.is_closing():
            transport.abort()
        for said in self.waiting:
            transport.write(said)
        self.waiting = []

    def data_received(self, said: bytes) -> None:
        if self.line.is_silent:
            return
        loop, weather = asyncio.get_running_loop(), self.line.way.weather
        due = max(loop.time() + self.share_of_lateness * weather.late, self.free_at)
        due += len(said) / weather.rate
        if due <= loop.time():
            self.other.hear(said)
            return
        # Two that are due at one moment would come in any order.
        self.free_at = due + 1e-6
        self.count(len(said))
        loop.call_at(self.free_at, self.deliver, said)

    def deliver(self, said: bytes) -> None:
        self.count(-len(said))
        if not self.line.is_silent:
            self.other.hear(said)

    def count(self, change: int) -> None:
        self.under_way += change
        assert self.transport
        if self.transport.is_closing():
            return
        if self.under_way > MOST_UNDER_WAY:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def hear(self, said: bytes) -> None:
        if self.transport is None:
            self.waiting.append(said)
        else:
            self.transport.write(said)

    def pause_writing(self) -> None:
        if self.other.transport and not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other.transport and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.line.over()

    def reset(self) -> None:
        if self.transport and not self.transport.is_closing():
            own: socket.socket = self.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self.transport.abort()

    def finish(self) -> None:
        if self.transport and not self.transport.is_closing():
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self.other.free_at) + 1e-6, self.transport.close)


async def obey(ways: dict[str, Way], reader: asyncio.StreamReader, writer: Any) -> None:
    """Each line is `{"way": …, "weather": …}`; the answer is how many connections feel it."""
    while told := await reader.readline():
        order = json.loads(told)
        way = ways[order["way"]]
        way.turn(BAD.get(order["weather"], FAIR))
        writer.write(f"{len(way.lines)}\n".encode())
    writer.close()


@dataclass(frozen=True)
class Ways:
    """From outside. `port` is where orders are taken."""

    port: int

    @contextmanager
    def bad(self, way: str, weather: str) -> Iterator[int]:
        """So long as it lasts; how many connections there were when it began."""
        try:
            yield self.turn(way, weather)
        finally:
            self.turn(way, "fair")

    def turn(self, way: str, weather: str) -> int:
        with socket.create_connection((HOST, self.port), timeout=10) as line, line.makefile() as it:
            line.sendall(json.dumps({"way": way, "weather": weather}).encode() + b"\n")
            return int(it.readline())
