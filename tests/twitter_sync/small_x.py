"""As much of X as a test needs: answers of our choice to the calls of its choice, over real HTTP.

For what the simulator does not serve, and for what no X should answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Said:
    """`body` is sent as it is when it is bytes, else as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(slots=True)
class SmallX:
    """`answers` by method and path, one by one and the last again; `calls` are what was heard."""

    url: str = ""
    answers: dict[str, list[Said]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    anything: Said | None = None

    def answer(self, route: str, *bodies: Any) -> None:
        said = [body if isinstance(body, Said) else Said(body) for body in bodies]
        self.answers[route] = said

    def next(self, route: str) -> Said:
        left = self.answers.get(route)
        if not left:
            assert self.anything is not None, f"Nobody said what to answer to {route}."
            return self.anything
        return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def running() -> Iterator[SmallX]:
    x = SmallX()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            asked = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            x.calls.append(Call(self.command, asked.path, query, dict(self.headers), body))
            said = x.next(f"{self.command} {asked.path}")
            self.send_response(said.status)
            given = {"Content-Type": "application/json"} | said.headers
            for name, value in (given | {"Content-Length": str(len(said.content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    x.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield x
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
