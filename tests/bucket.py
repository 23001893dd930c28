"""As much of S3 as we use: objects of one bucket in memory, put, had in parts, and deleted."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

GONE = b"<Error><Code>NoSuchKey</Code><Message>It is gone.</Message></Error>"


@dataclass
class FakeS3:
    """`objects` by their paths, which begin with the bucket; `callers` are the keys that signed."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    callers: set[str] = field(default_factory=set)


@contextmanager
def running() -> Iterator[FakeS3]:
    s3 = FakeS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def say(self, status: int, body: bytes = b"") -> None:
            signed = re.search(r"Credential=(\w+)/", self.headers["Authorization"] or "")
            s3.callers.add(signed[1] if signed else "")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            size = int(self.headers["Content-Length"])
            s3.objects[self.path] = self.rfile.read(size)
            self.say(200)

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if "list-type" in asked.query:
                return self.say(200, self.listed(parse_qs(asked.query)["prefix"][0]))
            if self.path not in s3.objects:
                return self.say(404, GONE)
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            return self.say(206, s3.objects[self.path][first : last + 1])

        def listed(self, prefix: str) -> bytes:
            keys = [path.split("/", 2)[2] for path in s3.objects]
            found = [
                f"<Contents><Key>{key}</Key></Contents>" for key in keys if key.startswith(prefix)
            ]
            return f"<ListBucketResult>{''.join(found)}</ListBucketResult>".encode()

        def do_DELETE(self) -> None:
            s3.objects.pop(self.path, None)
            self.say(204)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    s3.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
