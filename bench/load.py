"""Who asks: a program of its own that puts the same requests to the product and to its floor.

It reads a plan (JSON) and writes what it measured. Product and floor take turns in short rounds,
first the one, then the other, so that whatever else the machine does weighs on both alike. A
request is bytes made beforehand, sent over a connection that stays open for a round.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def encoded(self, port: int) -> bytes:
        body = self.body.encode()
        headers = {"Host": f"{HOST}:{port}", "Content-Length": str(len(body))} | self.headers
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Target:
    """Its requests are asked one after the other, and from the beginning again."""

    port: int
    requests: list[Request]


@dataclass(frozen=True, slots=True)
class Plan:
    """`each` client asks as often in each of `rounds`; `warm_up` requests are not counted."""

    targets: list[Target]
    rounds: int
    each: int
    clients: int = 1
    warm_up: int = 20


@dataclass(slots=True)
class Measured:
    """`seconds` are of the rounds as a whole, `bytes` those of the last answer."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    bytes: int = 0


class BadAnswer(Exception):
    """Something else than 200, or an answer without its length."""


def measure(plan: Plan) -> list[Measured]:
    """Runs the plan in a process of its own. One result for each target."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Measured(**one) for one in json.loads(run.stdout)]


def main() -> None:
    told = json.load(sys.stdin)
    asked = [
        Supply(one["port"], [Request(**request) for request in one["requests"]])
        for one in told.pop("targets")
    ]
    found = [Measured() for _ in asked]
    for supply in asked:
        run_round(supply, Measured(), told["clients"], -(-told["warm_up"] // told["clients"]))
    for number in range(told["rounds"]):
        order = list(zip(asked, found, strict=True))
        for supply, measured in order if number % 2 == 0 else reversed(order):
            run_round(supply, measured, told["clients"], told["each"])
    json.dump([asdict(one) for one in found], sys.stdout)


class Supply:
    """The requests of a target, as bytes, without end."""

    def __init__(self, port: int, requests: list[Request]) -> None:
        self.port = port
        self._requests = cycle([request.encoded(port) for request in requests])

    def take(self, count: int) -> list[bytes]:
        return list(islice(self._requests, count))


def run_round(supply: Supply, measured: Measured, clients: int, each: int) -> None:
    shares = [supply.take(each) for _ in range(clients)]
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        for times, size in threads.map(lambda share: ask_all(supply.port, share), shares):
            measured.milliseconds += times
            measured.bytes = size
    measured.seconds += time.perf_counter() - began


def ask_all(port: int, requests: list[bytes]) -> tuple[list[float], int]:
    """Milliseconds of each request, over one connection, and the size of the last answer."""
    times, size = [], 0
    with socket.create_connection((HOST, port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            began = time.perf_counter()
            line.sendall(request)
            size = read_answer(line, request)
            times.append((time.perf_counter() - began) * 1000)
    return times, size


def read_answer(line: socket.socket, request: bytes) -> int:
    received = line.recv(1 << 16)
    while b"\r\n\r\n" not in received:
        received += more(line)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise BadAnswer(f"{first_line(head)} to {first_line(request)}")
    length, got = length_in(head), len(body)
    while got < length:
        got += len(more(line))
    return length


def more(line: socket.socket) -> bytes:
    received = line.recv(1 << 16)
    if not received:
        raise BadAnswer("the connection was closed in the middle of an answer")
    return received


def length_in(head: bytes) -> int:
    for header in head.lower().split(b"\r\n"):
        if header.startswith(b"content-length:"):
            return int(header.partition(b":")[2])
    raise BadAnswer(f"no Content-Length in {head.decode()}")


def first_line(text: bytes) -> str:
    return text.split(b"\r\n", 1)[0].decode()


if __name__ == "__main__":
    main()
