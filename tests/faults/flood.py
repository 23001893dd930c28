"""Strangers who knock at the webhook: a program of its own, lest those who try have to wait for it.

`python -m tests.faults.flood HOST PORT PER_SECOND` says that it begins and, when it is ended, how
many were refused and in how many seconds.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from urllib.parse import urlsplit

from tests.stack import ROOT

CONNECTIONS = 8
KNOCK = b"".join(
    [
        b"POST /webhooks/x/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
        b"x-twitter-webhooks-signature: sha256=nobody\r\nContent-Length: 1600\r\n\r\n",
        b'{"data": "' + b"x" * 1588 + b'"}',
    ]
)


class Flood:
    """Unsigned bodies, `per_second` of them as far as the machine can, until it is left. `count`
    and `rate` are of those that were answered, each with a refusal."""

    def __init__(self, url: str, per_second: float) -> None:
        self.where, self.per_second = urlsplit(url), per_second
        self.count, self.rate = 0, 0.0

    def __enter__(self) -> Flood:
        told = [str(self.where.hostname), str(self.where.port), str(self.per_second)]
        command = [sys.executable, "-m", "tests.faults.flood", *told]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "begun\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate()
        if error is None:
            assert self.process.returncode == 0, "somebody was not refused"
            count, seconds = told.split()
            self.count, self.rate = int(count), int(count) / float(seconds)


class Stranger(threading.Thread):
    """One connection. `refused` counts; `was_well` unless somebody was answered otherwise."""

    def __init__(self, host: str, port: int, per_second: float, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.where, self.per_second, self.over = (host, port), per_second, over
        self.refused, self.was_well = 0, False

    def run(self) -> None:
        began = time.monotonic()
        with socket.create_connection(self.where) as line:
            while not self.over.wait(
                max(0, began + self.refused / self.per_second - time.monotonic())
            ):
                line.sendall(KNOCK)
                assert b" 403 " in read_answer(line)[:20]
                self.refused += 1
        self.was_well = True


def read_answer(line: socket.socket) -> bytes:
    """Its head; the body is read, too."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += heard(line)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [
        int(one[15:]) for one in head.lower().split(b"\r\n") if one[:15] == b"content-length:"
    ]
    while len(body) < length:
        body += heard(line)
    return head


def heard(line: socket.socket) -> bytes:
    piece = line.recv(65536)
    if not piece:
        raise ConnectionError("hung up in the middle of an answer")
    return piece


def main(host: str, port: int, per_second: float) -> int:
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    strangers = [Stranger(host, port, per_second / CONNECTIONS, over) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    print("begun", flush=True)
    for stranger in strangers:
        stranger.start()
    for stranger in strangers:
        stranger.join()
    print(sum(one.refused for one in strangers), time.monotonic() - began)
    return 0 if all(one.was_well for one in strangers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
