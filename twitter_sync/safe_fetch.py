"""Fetching what strangers point at: the one way to anything that is no call of X's API (trust R15).

The address must be https on a host of X's media, or of the store of its jobs; every address that
its name resolves to must be public, and the connection goes to one of just those, so a name that
answers otherwise the next moment leads nowhere. No redirect is followed, nothing of ours is sent
along, and neither time nor size is the server's to choose. One origin is exempt: the simulator's,
which production refuses.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from django.conf import settings

# Where X keeps what is public: pictures, and films with their animations.
HOSTS = frozenset({"pbs.twimg.com", "video.twimg.com"})
# Where the files of its jobs lie, at addresses that are keys by themselves.
STORES = frozenset({"storage.googleapis.com"})
SECONDS = 5.0
CHUNK_BYTES = 64 * 1024
PORTS = {"https": 443, "http": 80}
# What a request line takes: anything else was never an address, or means to end the line.
PLAIN = re.compile(r"[!-\[\]-~]+")

Address = IPv4Address | IPv6Address
# Every address of a name.
Resolve = Callable[[str, int], list[str]]

# The public ones of the sixth version are in here; of these, some speak for an address of the
# fourth, in their last four bytes where a translator stands before the network.
GLOBAL_UNICAST = IPv6Network("2000::/3")
TRANSLATED = IPv6Network("64:ff9b::/96")
TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))


class FetchError(Exception):
    """Nothing came of a fetch. The words name no address: they may be logged."""


class NotAllowed(FetchError):
    """This is nothing that we fetch: no connection was made."""


class Unreachable(FetchError):
    """No connection, no answer, or none in time: another try may do better."""


class TooLarge(FetchError):
    """More than was asked for. What was written until then is of no use."""


class Answered(FetchError):
    """Something else than the file itself."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"status {status}")


@dataclass(frozen=True, slots=True)
class Place:
    """An address that may be asked, taken apart; `is_exempt` where it is the simulator's."""

    scheme: str
    host: str
    port: int
    target: str
    is_exempt: bool


def resolve(host: str, port: int) -> list[str]:
    """Asks the system, which has time limits of its own."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def safe_fetch(
    url: str,
    into: BinaryIO,
    *,
    max_bytes: int,
    seconds: float = SECONDS,
    resolve: Resolve = resolve,
    hosts: Collection[str] = HOSTS,
) -> None:
    """Copies what `url` holds. What kind of file it is nobody says: the bytes must tell.

    `seconds` is the deadline of all of it, headers and body. Raises NotAllowed, Unreachable,
    TooLarge and Answered.
    """
    place = place_of(url, hosts)
    exchange(place, request_for(place), into, max_bytes, seconds, resolve)


def safe_put(
    url: str, content: bytes, *, seconds: float = SECONDS, resolve: Resolve = resolve
) -> None:
    """Hands lines of text in at an address of X's store, by the same rules. What it answers is not
    read. Raises NotAllowed, Unreachable, TooLarge and Answered."""
    place = place_of(url, STORES)
    sent = request_for(place, "PUT", length=len(content)) + content
    exchange(place, sent, io.BytesIO(), CHUNK_BYTES, seconds, resolve)


def exchange(
    place: Place, sent: bytes, into: BinaryIO, max_bytes: int, seconds: float, resolve: Resolve
) -> None:
    ends_at = time.monotonic() + seconds
    try:
        with connected(place, resolve, ends_at) as line:
            line.settimeout(left_until(ends_at))
            line.sendall(sent)
            with answer_on(line, ends_at) as answer:
                copy(answer, into, max_bytes)
    except (OSError, HTTPException) as error:
        raise Unreachable(type(error).__name__) from None


# Where


def place_of(url: str, hosts: Collection[str] = HOSTS) -> Place:
    """Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise NotAllowed("not an address") from None
    host = parts.hostname or ""
    is_exempt = settings.X_IS_SIMULATOR and url.startswith(f"{settings.X_API_URL}/")
    is_ours = parts.scheme == "https" and host in hosts and parts.netloc in {host, f"{host}:443"}
    if not PLAIN.fullmatch(url) or not (is_exempt or is_ours):
        raise NotAllowed("not a place of X's media")
    query = f"?{parts.query}" if parts.query else ""
    return Place(parts.scheme, host, port, f"{parts.path or '/'}{query}", is_exempt)


def is_public(address: Address) -> bool:
    """Whether it is somebody's on the internet, whichever way it is written."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in TRANSLATED:
        return is_public(IPv4Address(address.packed[-4:]))
    if address not in GLOBAL_UNICAST or any(address in tunnel for tunnel in TUNNELS):
        return False
    return address.is_global and not address.is_multicast


# A connection


def connected(place: Place, resolve: Resolve, ends_at: float) -> socket.socket:
    """A line to one of the addresses that were looked at, never to a name."""
    trouble: OSError = OSError("no address")
    for address in addresses_of(place, resolve):
        try:
            line = socket.create_connection((address, place.port), timeout=left_until(ends_at))
        except OSError as error:
            trouble = error
            continue
        return secured(line, place, ends_at) if place.scheme == "https" else line
    raise trouble


def addresses_of(place: Place, resolve: Resolve) -> list[str]:
    """All of them or none: where one is private, somebody means something by it."""
    found = resolve(place.host, place.port)
    if not place.is_exempt and not all(is_public(ip_address(one)) for one in found):
        raise NotAllowed("an address that is not public")
    return found


def secured(line: socket.socket, place: Place, ends_at: float) -> socket.socket:
    try:
        line.settimeout(left_until(ends_at))
        return trusting().wrap_socket(line, server_hostname=place.host)
    except OSError:
        line.close()
        raise


@cache
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def left_until(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("The deadline has passed.")
    return left


# One question and its answer


def request_for(place: Place, method: str = "GET", *, length: int | None = None) -> bytes:
    """With `length`, the head of a request that goes on with as many bytes of text."""
    is_usual = place.port == PORTS[place.scheme]
    body = () if length is None else ("Content-Type: text/plain", f"Content-Length: {length}")
    lines = (
        f"{method} {place.target} HTTP/1.1",
        f"Host: {place.host}" if is_usual else f"Host: {place.host}:{place.port}",
        "User-Agent: Handled",
        "Accept: image/*, video/mp4",
        "Accept-Encoding: identity",
        "Connection: close",
        *body,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class Bounded(io.RawIOBase):
    """Reads from the line until the deadline, at whatever pace the other side keeps."""

    def __init__(self, line: socket.socket, ends_at: float) -> None:
        self._line, self._ends_at = line, ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(left_until(self._ends_at))
        return self._line.recv_into(buffer)


@dataclass(frozen=True, slots=True)
class Reading:
    """As much of a socket as the standard library's reader of answers asks for."""

    line: socket.socket
    ends_at: float

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(Bounded(self.line, self.ends_at))


def answer_on(line: socket.socket, ends_at: float) -> HTTPResponse:
    """Raises Answered for everything but 200: a redirect is an answer and nothing to follow."""
    answer = HTTPResponse(cast(socket.socket, Reading(line, ends_at)), method="GET")
    answer.begin()
    if answer.status != 200:
        raise Answered(answer.status)
    return answer


def copy(answer: HTTPResponse, into: BinaryIO, max_bytes: int) -> None:
    """As many bytes as were promised, where a number was: a part of a file is no file."""
    if (answer.length or 0) > max_bytes:
        raise TooLarge(f"more than {max_bytes} bytes")
    copied = 0
    while piece := answer.read1(CHUNK_BYTES):
        copied += len(piece)
        if copied > max_bytes:
            raise TooLarge(f"more than {max_bytes} bytes")
        into.write(piece)
    if answer.length:
        raise ConnectionError("The answer broke off.")
