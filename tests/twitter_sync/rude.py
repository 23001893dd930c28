"""A server that answers as no server should: bytes of our choice, at a pace of our choice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# Gets the connection after the call's headers were read; whatever it leaves open is closed.
Answer = Callable[[socket.socket], None]


@contextmanager
def serving(answer: Answer, heard: list[str] | None = None) -> Iterator[str]:
    """The origin of a server that meets every connection with `answer`, and what it `heard`."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=(connection,), daemon=True).start()

    def meet(connection: socket.socket) -> None:
        with connection:
            if said := connection.recv(65_536):
                if heard is not None:
                    heard.append(said.decode())
                with suppress(OSError):  # the caller has hung up, as it should
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def says(status: str, body: str | bytes = b"", **headers: str) -> Answer:
    """A whole answer, and the connection closed."""
    content = body.encode() if isinstance(body, str) else body
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    own = {"content-type": "application/json", "content-length": str(len(content))}
    lines = {**own, "connection": "close", **given}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def answer(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)

    return answer


def drips(content: bytes, seconds: float) -> Answer:
    """A byte now and then, for ever."""

    def answer(connection: socket.socket) -> None:
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(seconds)

    return answer


def streams(*pieces: bytes, then: Answer | None = None) -> Answer:
    """A success that goes on: each piece a chunk of its own, then `then`; else the line is held."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.sendall(chunk(piece))
        (then or never)(connection)

    return answer


def chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def ends(connection: socket.socket) -> None:
    """The last chunk, as HTTP has it."""
    connection.sendall(b"0\r\n\r\n")


def never(connection: socket.socket) -> None:
    """Holds the line and says nothing until the caller hangs up."""
    connection.recv(1)


def resets(connection: socket.socket) -> None:
    """The way a crashed machine says goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
