"""Who hears nothing more from the other end hangs up: `config.silence`, `inbox.streams`."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
import redis.asyncio
from django.db import OperationalError
from django.db import connection as django_connection
from psycopg2.extensions import set_wait_callback

from config import silence
from inbox import streams
from tests.faults.ways import BAD, Way

SOON = 0.3
# On a machine that has much else to do; without hanging up it would be never.
BY_THEN = 20.0


@contextmanager
def way_to(server: Path) -> Iterator[Way]:
    """Open in a thread of its own until it is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    way = Way(server, "a seed")
    asyncio.run_coroutine_threadsafe(way.open(), loop).result()
    try:
        yield way
    finally:
        asyncio.run_coroutine_threadsafe(way.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def to_database() -> Iterator[Way]:
    asked = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)
    with way_to(Path(asked["host"][0]) / f".s.PGSQL.{asked['port'][0]}") as way:
        yield way


@pytest.fixture
def have_patience() -> Iterator[Callable[[float], None]]:
    """`have_patience(3)`: from now on so many seconds."""
    yield lambda seconds: set_wait_callback(partial(silence.wait, patience=seconds))
    set_wait_callback(None)


def connect(way: Way) -> psycopg2.extensions.connection:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return psycopg2.connect(
        dbname="postgres",
        user=parts.username,
        password=parts.password,
        host="127.0.0.1",
        port=way.port,
    )


def test_a_statement_that_is_never_answered_ends_and_its_connection_too(to_database, have_patience):
    with closing(connect(to_database)) as line, line.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
        to_database.turn(BAD["half-open"])
        have_patience(SOON)
        began = time.monotonic()
        with pytest.raises(psycopg2.OperationalError, match="silent"):
            cursor.execute("SELECT 1")
        assert time.monotonic() - began < BY_THEN
        assert line.closed


def test_whoever_accepts_and_says_nothing_is_not_connected_to(
    to_database, have_patience, monkeypatch
):
    monkeypatch.setattr(silence, "CONNECTS_WITHIN", SOON)
    have_patience(2 * BY_THEN)
    to_database.turn(BAD["half-open"])
    with pytest.raises(psycopg2.OperationalError, match="silent"):
        connect(to_database)


@pytest.mark.django_db
def test_the_database_ends_a_statement_that_would_be_left(settings):
    settings.DATABASE_PATIENCE = 1
    silence.limit_statements(connection=django_connection)
    with django_connection.cursor() as cursor, pytest.raises(OperationalError, match="timeout"):
        cursor.execute("SELECT pg_sleep(60)")


@pytest.mark.django_db
def test_a_shorter_time_that_is_set_already_stays():
    with django_connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '3s'")
        silence.limit_statements(connection=django_connection)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("3s",)


def test_an_answer_in_many_pieces_may_take_longer(to_database, have_patience):
    """Of each piece, and not of the whole, it is asked whether it comes."""
    have_patience(6)
    with closing(connect(to_database)) as line, line.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.8), repeat('x', 20000) FROM generate_series(1, 9)")
        assert len(cursor.fetchall()) == 9


def test_a_stream_leaves_a_queue_that_is_silent(settings, monkeypatch):
    monkeypatch.setattr(streams, "SILENT_SECONDS", SOON)

    async def listen(way: Way) -> None:
        async with streams.queue() as line, line.pubsub() as pubsub:
            await pubsub.subscribe("news")
            assert (await streams.next_of(pubsub))["type"] == "subscribe"
            assert (await streams.next_of(pubsub))["type"] == "pong"
            way.turn(BAD["half-open"])
            monkeypatch.setattr(streams, "ANSWERS_SECONDS", SOON)
            await asyncio.wait_for(streams.next_of(pubsub), BY_THEN)

    with way_to(Path(urlsplit(settings.REDIS_URL).path)) as way:
        settings.REDIS_URL = f"redis://127.0.0.1:{way.port}/0"
        with pytest.raises(redis.asyncio.RedisError):
            asyncio.run(listen(way))
