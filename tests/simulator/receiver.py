"""A little real webhook: answers the challenge, checks the signature, keeps what it gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SIGNATURE = "x-twitter-webhooks-signature"
WITHIN = 60.0


class Receiver:
    """`secret` and `crc_status` are what it answers challenges with, `status` is what it answers
    deliveries with. It says nothing until `awake` (to challenges: `crc_awake`) is set, and never
    when it `hangs_up`."""

    def __init__(self, secret: str) -> None:
        self.secret, self.header = secret, SIGNATURE
        self.status = self.crc_status = 200
        self.hangs_up = False
        self.awake, self.crc_awake = threading.Event(), threading.Event()
        self.awake.set()
        self.crc_awake.set()
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, dict[str, str]]] = []
        self.challenges = 0
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/x/"

    def close(self) -> None:
        self.awake.set()
        self.crc_awake.set()
        self._server.shutdown()
        self._server.server_close()

    def sign(self, raw: bytes) -> str:
        digest = hmac.new(self.secret.encode(), raw, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    def wait_for(self, number: int) -> list[dict[str, Any]]:
        """The first so many deliveries; fails after twenty seconds."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.bodies) >= number, timeout=WITHIN)
            assert arrived, f"{len(self.bodies)} of {number} deliveries arrived"
            return self.bodies[:number]

    def wait_for_challenges(self, number: int) -> None:
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: self.challenges >= number, timeout=WITHIN)
            assert arrived, f"{self.challenges} of {number} challenges arrived"

    def take(self, raw: bytes, headers: dict[str, str]) -> None:
        signature = headers[self.header]
        assert hmac.compare_digest(signature, self.sign(raw)), "a delivery is signed wrongly"
        with self._arrived:
            self.raw.append((raw, headers))
            self.bodies.append(json.loads(raw))
            self._arrived.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                with receiver._arrived:
                    receiver.challenges += 1
                    receiver._arrived.notify_all()
                crc_token = parse_qs(urlsplit(self.path).query)["crc_token"][0]
                told = {"response_token": receiver.sign(crc_token.encode())}
                receiver.crc_awake.wait(60)
                self._answer(receiver.crc_status, json.dumps(told).encode())

            def do_POST(self) -> None:
                """As it stood when the delivery arrived, whatever a test changes afterwards."""
                status, awake = receiver.status, receiver.awake.is_set()
                raw = self.rfile.read(int(self.headers["content-length"]))
                try:
                    receiver.take(raw, {name.lower(): told for name, told in self.headers.items()})
                except AssertionError:
                    self._answer(401, b"")
                    return
                if not awake:
                    receiver.awake.wait(60)
                self._answer(status, b"")

            def _answer(self, status: int, body: bytes) -> None:
                if receiver.hangs_up:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
