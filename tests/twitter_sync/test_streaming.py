"""Streams of X as `twitter_sync.client` reads them, from servers that behave and that don't."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from tests.twitter_sync import rude
from twitter_sync import budgets, streaming, transport
from twitter_sync.client import Client
from twitter_sync.errors import (
    Disconnected,
    Forbidden,
    NotSent,
    Refused,
    Stalled,
    StreamEnded,
    TooManyConnections,
    Unconfirmed,
    XError,
)
from twitter_sync.models import RateBudget
from twitter_sync.streaming import Stream

pytestmark = pytest.mark.django_db
EVENT = b'{"data":{"event_uuid":"-6850","event_type":"dm.received","payload":{}}}'
BYE = (
    b'{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperational'
    b'Disconnect","detail":"This stream has been disconnected upstream for operational reasons.",'
    b'"type":"https://api.x.com/2/problems/operational-disconnect"}]}'
)
TOO_MANY = (
    '{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed '
    'connection limit.","connection_issue":"TooManyConnections",'
    '"type":"https://api.x.com/2/problems/streaming-connection"}'
)
Opened = Callable[..., Stream]
# Of who reads, where silence is waited for. Headers have no longer either, on a busy machine too.
PATIENCE = 1.5


@pytest.fixture
def app() -> Client:
    return Client("token-of-the-app", scope=budgets.APP)


@contextmanager
def stream_of(
    answer: rude.Answer, settings: Settings, heard: list[str] | None = None, patience: float = 60
) -> Iterator[Stream]:
    client = Client("token-of-the-app", scope=budgets.APP)
    with (
        rude.serving(answer, heard) as settings.X_API_URL,
        client.open_stream("/2/activity/stream", {}, patience=patience) as stream,
    ):
        yield stream


def read(
    answer: rude.Answer, settings: Settings, patience: float = 60
) -> tuple[list[bytes], XError]:
    """The lines that came and what ended them."""
    lines = list[bytes]()
    with (
        stream_of(answer, settings, patience=patience) as stream,
        pytest.raises(StreamEnded) as caught,
    ):
        lines.extend(stream)
    return lines, caught.value


# Lines


def test_a_line_comes_when_x_sends_it_and_not_with_the_next(settings):
    read_one = threading.Event()

    def wait_then_go_on(connection: socket.socket) -> None:
        assert read_one.wait(60)
        connection.sendall(rude.chunk(b"\r\n"))
        connection.sendall(rude.chunk(EVENT + b"\r\n"))
        rude.never(connection)

    answer = rude.streams(EVENT + b"\r\n", then=wait_then_go_on)
    with stream_of(answer, settings) as stream:
        lines = iter(stream)
        assert next(lines) == EVENT
        read_one.set()
        assert next(lines) == b""
        assert next(lines) == EVENT


def test_a_line_may_come_in_parts_and_many_at_once(settings):
    answer = rude.streams(
        EVENT[:9],
        EVENT[9:] + b"\r\n\r\n" + EVENT + b"\n" + EVENT[:3],
        EVENT[3:] + b"\r\n",
        then=rude.ends,
    )
    lines, _ = read(answer, settings)
    assert lines == [EVENT, b"", EVENT, EVENT]


def test_an_answer_without_chunks_is_a_stream_too(settings):
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + EVENT + b"\r\n")

    lines, ended = read(answer, settings)
    assert lines == [EVENT]
    assert ended.problem == "closed"


def test_partial_errors_beside_a_post_are_a_line(settings):
    line = b'{"data":{"id":"1"},"errors":[{"title":"Authorization Error"}],"matching_rules":[]}'
    lines, _ = read(rude.streams(line + b"\r\n", then=rude.ends), settings)
    assert lines == [line]


def test_what_is_no_json_is_handed_on_for_the_ledger(settings):
    lines, _ = read(rude.streams(b'{"errors": nonsense\r\n', then=rude.ends), settings)
    assert lines == [b'{"errors": nonsense']


# Ends


@pytest.mark.parametrize(
    ("line", "problem", "reason"),
    [
        (
            BYE,
            "UpstreamOperationalDisconnect",
            "This stream has been disconnected upstream for operational reasons.",
        ),
        (
            TOO_MANY.encode(),
            "TooManyConnections",
            "This stream is currently at the maximum allowed connection limit.",
        ),
        (b'{"errors":[{"disconnect_type":"SlowReader"}]}', "SlowReader", "X ended the stream."),
        (b'{"errors":[]}', "", "X ended the stream."),
        (b'{"errors":[{"disconnect_type":"canary in a log"}]}', "", "X ended the stream."),
    ],
    ids=["operational", "too many", "slow reader", "empty", "no name"],
)
def test_x_says_in_the_stream_why_it_ends_it(settings, line, problem, reason):
    answer = rude.streams(EVENT + b"\r\n", line + b"\r\n", then=rude.ends)
    lines, ended = read(answer, settings)
    assert lines == [EVENT]
    assert isinstance(ended, Disconnected)
    assert (ended.problem, ended.reason) == (problem, reason)
    assert ended.endpoint == "activity_stream"


def test_silence_is_noticed(settings):
    began = time.monotonic()
    lines, ended = read(rude.streams(EVENT + b"\r\n"), settings, patience=PATIENCE)
    assert lines == [EVENT]
    assert isinstance(ended, Stalled)
    assert time.monotonic() - began >= PATIENCE


def test_signs_of_life_keep_it_open(settings):
    def signs(connection: socket.socket) -> None:
        for _ in range(6):
            time.sleep(PATIENCE / 5)
            connection.sendall(rude.chunk(b"\r\n"))
        rude.ends(connection)

    lines, ended = read(rude.streams(then=signs), settings, patience=PATIENCE)
    assert lines == [b""] * 6
    assert not isinstance(ended, Stalled)


def test_a_line_that_drips_is_no_sign_of_life(settings):
    def dripping(connection: socket.socket) -> None:
        for _ in range(1_000):
            connection.sendall(rude.chunk(b"x"))
            time.sleep(0.02)

    _, ended = read(rude.streams(then=dripping), settings, patience=PATIENCE)
    assert isinstance(ended, Stalled)


def test_a_chunk_that_drips_is_no_sign_of_life(settings):
    def dripping(connection: socket.socket) -> None:
        connection.sendall(b"10000\r\n")
        rude.drips(b"x" * 500, 0.02)(connection)

    _, ended = read(rude.streams(EVENT + b"\r\n", then=dripping), settings, patience=PATIENCE)
    assert isinstance(ended, Stalled)


def test_whoever_takes_long_over_a_line_gets_the_next(settings, monkeypatch):
    clock = SimpleNamespace(monotonic=time.monotonic)
    monkeypatch.setattr(transport, "time", clock)
    taken = threading.Event()

    def go_on(connection: socket.socket) -> None:
        assert taken.wait(60)
        connection.sendall(rude.chunk(b"\r\n"))
        rude.never(connection)

    with stream_of(rude.streams(EVENT + b"\r\n", then=go_on), settings) as stream:
        lines = iter(stream)
        assert next(lines) == EVENT
        clock.monotonic = lambda: time.monotonic() + 600
        taken.set()
        assert next(lines) == b""


def test_a_line_without_end_is_given_up(settings, monkeypatch):
    monkeypatch.setattr(streaming, "MAX_LINE_BYTES", 100_000)

    def endless(connection: socket.socket) -> None:
        while True:
            connection.sendall(rude.chunk(b"x" * 10_000))

    lines, ended = read(rude.streams(EVENT + b"\r\n", then=endless), settings)
    assert (lines, ended.problem) == ([EVENT], "a line too long")
    whole = rude.streams(b"x" * 100_001 + b"\r\n", then=rude.ends)
    assert read(whole, settings)[1].problem == "a line too long"


@pytest.mark.parametrize("then", [rude.resets, lambda connection: None], ids=["reset", "cut"])
def test_a_broken_line_is_named(settings, then):
    lines, ended = read(rude.streams(EVENT + b"\r\n", then=then), settings)
    assert lines == [EVENT]
    assert type(ended) is StreamEnded
    assert ended.problem != "closed"


def test_leaving_it_hangs_up(settings):
    hung_up = threading.Event()

    def listens(connection: socket.socket) -> None:
        assert connection.recv(1) == b""
        hung_up.set()

    with stream_of(rude.streams(EVENT + b"\r\n", then=listens), settings) as stream:
        assert next(iter(stream)) == EVENT
    assert hung_up.wait(60)
    stream.close()


# Before there is a stream


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("403 Forbidden", "{}", Forbidden),
        ("409 Conflict", '{"title":"ConnectionException","detail":"no rules"}', Refused),
        ("429 Too Many Requests", TOO_MANY, TooManyConnections),
        ("307 Temporary Redirect", "", Unconfirmed),
        ("503 Service Unavailable", "busy", Unconfirmed),
        ("204 No Content", "", StreamEnded),
    ],
)
def test_a_refusal_is_named(app, settings, status, body, kind):
    with (
        rude.serving(rude.says(status, body)) as settings.X_API_URL,
        pytest.raises(kind) as caught,
        app.activity_stream() as lines,
    ):
        list(lines)
    assert caught.value.endpoint == "activity_stream"


def test_too_many_streams_use_up_no_quota(app, settings):
    said = {"x_rate_limit_limit": "450", "x_rate_limit_remaining": "440"}
    said["x_rate_limit_reset"] = str(int(time.time() + 600))
    answer = rude.says("429 Too Many Requests", TOO_MANY, **said)
    with rude.serving(answer) as settings.X_API_URL, pytest.raises(TooManyConnections):
        app.activity_stream()
    assert RateBudget.objects.get(endpoint="activity_stream").remaining == 440


def test_a_server_that_is_not_there_was_not_asked(app, settings):
    settings.X_API_URL = "http://127.0.0.1:9"
    with pytest.raises(NotSent):
        app.activity_stream()


def test_a_server_that_says_nothing_at_all_is_given_up(settings):
    with pytest.raises(Unconfirmed), stream_of(rude.never, settings, patience=PATIENCE):
        pass


def test_what_was_missed_is_asked_for(app, settings):
    heard = list[str]()
    since = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    with rude.serving(rude.streams(), heard) as settings.X_API_URL:
        app.activity_stream(backfill_minutes=9).close()
        app.activity_stream(since=since, until=since.replace(minute=30)).close()
        half = timedelta(seconds=0.5)
        app.activity_stream(since=since + half, until=since + half).close()
        app.post_stream().close()
    assert "GET /2/activity/stream?backfill_minutes=5 HTTP" in heard[0]
    assert "start_time=2026-11-21T10%3A00%3A00Z&end_time=2026-11-21T10%3A30%3A00Z" in heard[1]
    assert "start_time=2026-11-21T10%3A00%3A00Z&end_time=2026-11-21T10%3A00%3A01Z" in heard[2]
    assert "GET /2/tweets/search/stream?tweet.fields=id%2Ctext%2Cnote_tweet" in heard[3]
    assert "expansions=author_id" in heard[3]
    assert "backfill" not in heard[3]
    assert all("Authorization: Bearer token-of-the-app" in said for said in heard)
    assert all("Accept-Encoding: identity" in said for said in heard)
