"""HTTP with X: one exchange, bounded in time and size, or a stream without an end. Both are exact
about whether bytes left.

`requests` bounds each read, not the whole, so a server that drips a byte a second holds a worker
for ever. Here the socket itself is read against the deadline of the call, headers included
(reference: trust O14). Connections are pooled for the process; cookies, proxies of the environment
and .netrc are not used, since .netrc would replace our Authorization header.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from twitter_sync.errors import NotSent, TooLarge, Unconfirmed, XError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
WRITE_SECONDS = 60.0
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
CONNECTIONS_KEPT = 16

Session = requests.Session


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Call:
    """The exchange under way in this thread. A stream `ends_at` no time until it is read, then with
    whatever it waits for. Its answer is read from `sock`, once there is one."""

    ends_at: float
    read_seconds: float
    bytes_left: bool = False
    sock: socket.socket | None = None

    def seconds_to_read(self) -> float:
        return min(self.read_seconds, self._seconds_left())

    def seconds_to_write(self) -> float:
        """For all of what is written at once: a file takes longer than any one read may."""
        return min(WRITE_SECONDS, self._seconds_left())

    def _seconds_left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The deadline of the call has passed.")
        return left


@dataclass(frozen=True, slots=True)
class Opened:
    """A success whose answer goes on and on."""

    response: requests.Response
    call: Call

    def go_on_for(self, seconds: float) -> None:
        """Reading fails after that, at whatever pace the other side drips."""
        self.call.ends_at = time.monotonic() + seconds

    def hang_up(self) -> None:
        """Also from another thread than the one that reads: that one meets the end at once."""
        if self.call.sock is not None:
            with suppress(OSError):  # the other side was faster
                self.call.sock.shutdown(socket.SHUT_RDWR)


_call: ContextVar[Call] = ContextVar("call to X")


class _BoundedReader(io.RawIOBase):
    """Reads from the socket until the call's deadline, at whatever pace the other side keeps."""

    def __init__(self, sock: Any, raw: io.RawIOBase, call: Call) -> None:
        self._sock, self._raw, self._call = sock, raw, call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._call.seconds_to_read())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw, call = self.fp.detach(), _call.get()
        call.sock = sock
        self.fp = io.BufferedReader(_BoundedReader(sock, raw, call))


class _Connection(HTTPConnection):
    """Notes the moment from which the call may take effect: connected, about to write."""

    response_class = _BoundedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        call = _call.get()
        call.bytes_left = True
        self.sock.settimeout(call.seconds_to_write())
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


_adapter = _Adapter(pool_maxsize=CONNECTIONS_KEPT, max_retries=0)


def session() -> Session:
    """A session of its own over the connections of the process."""
    session = Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", _adapter)
    session.mount("https://", _adapter)
    return session


def exchange(
    session: Session,
    method: str,
    url: str,
    *,
    endpoint: str,
    within: float | None = None,
    into: BinaryIO | None = None,
    max_bytes: int | None = None,
    **request: Any,
) -> Reply:
    """Raises NotSent or Unconfirmed; any status that X answers is returned.

    `within` is the deadline in seconds. The body of a success goes `into` a file when one is given,
    up to `max_bytes`, and raises TooLarge beyond; what was written until then is of no use.
    """
    with _under_way(TOTAL_SECONDS if within is None else within, READ_SECONDS) as call:
        try:
            with _asked(session, method, url, READ_SECONDS, request) as response:
                if into is not None and _is_success(response):
                    _copy(response, into, max_bytes or MAX_ANSWER_BYTES, endpoint)
                    return Reply(response.status_code, response.headers, b"")
                return Reply(response.status_code, response.headers, _whole(response, endpoint))
        except (requests.RequestException, OSError) as error:
            # Its own words quote queries and answers: of the cause, only the kind is kept.
            raise _named(call, endpoint, type(error).__name__) from None


def opened(
    session: Session, url: str, *, endpoint: str, patience: float, **request: Any
) -> Opened | Reply:
    """An answer that goes on and on, to be read by `streaming` and closed by the caller.

    No deadline, but each read waits `patience` seconds at most. Any status but success is returned
    whole, as by `exchange`. Raises NotSent or Unconfirmed.
    """
    with _under_way(math.inf, patience) as call:
        try:
            response = _asked(session, "GET", url, patience, request)
            if _is_success(response):
                return Opened(response, call)
            with response:
                return Reply(response.status_code, response.headers, _whole(response, endpoint))
        except (requests.RequestException, OSError) as error:
            raise _named(call, endpoint, type(error).__name__) from None


@contextmanager
def _under_way(seconds: float, read_seconds: float) -> Iterator[Call]:
    call = Call(ends_at=time.monotonic() + seconds, read_seconds=read_seconds)
    token = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(token)


def _asked(
    session: Session, method: str, url: str, patience: float, request: dict[str, Any]
) -> requests.Response:
    return session.request(
        method,
        url,
        timeout=(CONNECT_SECONDS, patience),
        allow_redirects=False,
        stream=True,
        **request,
    )


def _is_success(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300


def _whole(response: requests.Response, endpoint: str) -> bytes:
    body = io.BytesIO()
    try:
        _copy(response, body, MAX_ANSWER_BYTES, endpoint)
    except TooLarge:
        raise Unconfirmed("X's answer was too large.", endpoint=endpoint) from None
    return body.getvalue()


def _copy(response: requests.Response, into: BinaryIO, max_bytes: int, endpoint: str) -> None:
    copied = 0
    for part in response.iter_content(CHUNK_BYTES):
        copied += len(part)
        if copied > max_bytes:
            raise TooLarge(endpoint=endpoint, status=response.status_code)
        into.write(part)


def _named(call: Call, endpoint: str, cause: str) -> XError:
    kind = Unconfirmed if call.bytes_left else NotSent
    return kind(endpoint=endpoint, problem=cause)
