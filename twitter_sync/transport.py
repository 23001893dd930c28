"""One HTTP exchange with X: bounded in time and size, and exact about whether bytes left.

`requests` bounds each read, not the whole, so a server that drips a byte a second holds a worker
for ever. Here the socket itself is read against the deadline of the call, headers included
(reference: trust O14). Connections are pooled for the process; cookies, proxies of the environment
and .netrc are not used, since .netrc would replace our Authorization header.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from twitter_sync.errors import NotSent, Unconfirmed, XError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
CONNECTIONS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Call:
    """The exchange under way in this thread."""

    ends_at: float
    bytes_left: bool = False

    def seconds_left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The deadline of the call has passed.")
        return min(READ_SECONDS, left)


_call: ContextVar[Call] = ContextVar("call to X")


class _BoundedReader(io.RawIOBase):
    """Reads from the socket until the call's deadline, at whatever pace the other side keeps."""

    def __init__(self, sock: Any, raw: io.RawIOBase, call: Call) -> None:
        self._sock, self._raw, self._call = sock, raw, call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._call.seconds_left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(sock, raw, _call.get()))


class _Connection(HTTPConnection):
    """Notes the moment from which the call may take effect: connected, about to write."""

    response_class = _BoundedResponse

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _call.get().bytes_left = True
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


def session() -> requests.Session:
    """A session of its own over the connections of the process."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", _adapter)
    session.mount("https://", _adapter)
    return session


def exchange(
    session: requests.Session, method: str, url: str, *, endpoint: str, **request: Any
) -> Reply:
    """Raises NotSent or Unconfirmed; any status that X answers is returned."""
    with _under_way() as call:
        try:
            return _answer(session, method, url, request)
        except _TooLarge:
            raise Unconfirmed("X's answer was too large.", endpoint=endpoint) from None
        except (requests.RequestException, OSError) as error:
            # Its own words quote queries and answers: of the cause, only the kind is kept.
            raise _named(call, endpoint, type(error).__name__) from None


class _TooLarge(Exception):
    pass


@contextmanager
def _under_way() -> Iterator[Call]:
    call = Call(ends_at=time.monotonic() + TOTAL_SECONDS)
    token = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(token)


def _answer(session: requests.Session, method: str, url: str, request: dict[str, Any]) -> Reply:
    with session.request(
        method,
        url,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
        stream=True,
        **request,
    ) as response:
        body = bytearray()
        for part in response.iter_content(CHUNK_BYTES):
            body += part
            if len(body) > MAX_ANSWER_BYTES:
                raise _TooLarge
        return Reply(response.status_code, response.headers, bytes(body))


def _named(call: Call, endpoint: str, cause: str) -> XError:
    kind = Unconfirmed if call.bytes_left else NotSent
    return kind(endpoint=endpoint, problem=cause)
