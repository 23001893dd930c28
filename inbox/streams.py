"""The open streams of browsers: who listens, what each may hear, and when a stream must end.

One Redis subscription for the process, fanned out to bounded queues. What a reader may hear is
read from the database at connect, whenever `accounts` says that access changed, and every few
seconds besides, so that a stream outlives a session or a membership by seconds (trust R13, A6).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio as redis
import structlog
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connections
from django.utils.crypto import constant_time_compare
from redis.asyncio.client import PubSub

from accounts import announcements, clock
from accounts.models import Membership, User
from inbox import live

QUEUE_LENGTH = 64
RECHECK_SECONDS = 3.0
PING_SECONDS = 20.0
RECONNECT_SECONDS = 0.5
# Of the queue: then it is asked whether it is there, and so long it may take to say so.
SILENT_SECONDS, ANSWERS_SECONDS = 10.0, 5.0
# An event and not a comment: a browser tells its page only of events, and silence is a dead line.
PING = "event: ping\ndata: {}\n\n"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """What a session may hear: the brands of its user."""

    user_id: int
    brands: frozenset[int]
    # Whether each is paused or the like: a page shows it, so it must hear of a change.
    statuses: frozenset[tuple[int, str]] = frozenset()


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream. `news` holds lines to send; None ends the stream."""

    session_key: str
    access: Access
    news: asyncio.Queue[str | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE_LENGTH)
    )

    def tell(self, line: str | None) -> None:
        """Queues a line. A reader too slow for the queue is told once that it missed some."""
        if self.news.full() or line is None:
            while not self.news.empty():
                self.news.get_nowait()
            if line is not None:
                line = event("missed", {"at": live.now_us()})
        self.news.put_nowait(line)


def event(name: str, news: dict[str, Any]) -> str:
    return f"id: {news['at']}\nevent: {name}\ndata: {json.dumps(news)}\n\n"


def access_of(session_keys: Iterable[str]) -> dict[str, Access]:
    """Which of the sessions are alive, and what each may hear. Three queries for any number."""
    alive = Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=clock.now())
    decoded = {session.session_key: session.get_decoded() for session in alive}
    user_ids = {int(inside[SESSION_KEY]) for inside in decoded.values() if SESSION_KEY in inside}
    users = User.objects.enabled().in_bulk(user_ids)
    brands: dict[int, set[tuple[int, str]]] = {pk: set() for pk in users}
    for user_id, brand_id, status in Membership.objects.filter(user__in=users).values_list(
        "user_id", "brand_id", "brand__status"
    ):
        brands[user_id].add((brand_id, status))
    return {
        key: Access(user.pk, frozenset(pk for pk, _ in brands[user.pk]), frozenset(brands[user.pk]))
        for key, inside in decoded.items()
        if (user := users.get(int(inside.get(SESSION_KEY, 0)))) and is_signed_by(user, inside)
    }


def is_signed_by(user: User, inside: dict[str, Any]) -> bool:
    """False once the password changed or the person ended their other sessions."""
    return constant_time_compare(inside.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())


def queue() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=ANSWERS_SECONDS,
        socket_connect_timeout=ANSWERS_SECONDS,
    )


async def next_of(pubsub: PubSub) -> dict[str, Any]:
    """What is heard next. Who is silent is asked whether they are there: a connection that broke in
    the middle is silent for ever. Raises redis.TimeoutError."""
    heard: dict[str, Any] | None = await pubsub.get_message(timeout=SILENT_SECONDS)
    if heard is None:
        await pubsub.ping()
        heard = await pubsub.get_message(timeout=ANSWERS_SECONDS)
    if heard is None:
        raise redis.TimeoutError
    return heard


class Hub:
    """All readers of this process, and the two loops that feed and check them."""

    def __init__(self) -> None:
        self.readers: set[Reader] = set()
        self.recheck_now = asyncio.Event()
        self.hears_news = asyncio.Event()
        self.is_ending = False
        self.database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def open(self, session_key: str) -> Reader | None:
        """A new reader, or None when the session is not alive."""
        access = (await self.ask(lambda: access_of([session_key]))).get(session_key)
        if access is None:
            return None
        reader = Reader(session_key, access)
        reader.tell(event("hello", {"at": live.now_us()}))
        self.readers.add(reader)
        if self.is_ending:
            reader.tell(None)
        return reader

    def end(self) -> None:
        """Ends every stream, and at once those that still open; browsers come back elsewhere."""
        self.is_ending = True
        for reader in self.readers:
            reader.tell(None)

    async def lines(self, reader: Reader) -> AsyncIterator[str]:
        """What to send to the browser, with a ping now and then, until the stream must end."""
        try:
            while True:
                try:
                    line = await asyncio.wait_for(reader.news.get(), PING_SECONDS)
                except TimeoutError:
                    line = PING
                if line is None:
                    return
                yield line
        finally:
            self.readers.discard(reader)

    def spread(self, news: dict[str, Any]) -> None:
        """To all who may see the brand; what is `to` somebody, to their own streams alone."""
        told_to = news.pop("to", None)
        line = event("conversation" if told_to is None else news["what"], news)
        for reader in self.readers:
            is_meant = told_to in (None, reader.access.user_id)
            if is_meant and news["brand"] in reader.access.brands:
                reader.tell(line)

    def spread_news(self, told: bytes) -> None:
        """What is no news is logged and left out: one bad line must not silence the rest."""
        try:
            self.spread(json.loads(told))
        except (ValueError, KeyError, TypeError):
            log.exception("news not understood")

    def tell_all(self, name: str) -> None:
        for reader in self.readers:
            reader.tell(event(name, {"at": live.now_us()}))

    async def ask(self, question: Callable[[], Any]) -> Any:
        """Runs a database question in the one thread that has a connection."""

        def answered() -> Any:
            close_old_connections()
            return question()

        return await asyncio.get_running_loop().run_in_executor(self.database, answered)

    async def close(self) -> None:
        """Gives the database connection back."""
        await asyncio.get_running_loop().run_in_executor(self.database, connections.close_all)
        self.database.shutdown()

    async def hear(self) -> None:
        """Listens to Redis for ever, and again after it was away; readers then resync."""
        while True:
            try:
                async with queue().pubsub() as pubsub:
                    await pubsub.subscribe(live.CHANNEL, announcements.CHANNEL)
                    self.hears_news.set()
                    self.tell_all("missed")
                    while True:
                        self.take(await next_of(pubsub))
            except (redis.RedisError, OSError) as error:
                log.warning("news stream down", error=type(error).__name__)
            self.hears_news.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    def take(self, heard: dict[str, Any]) -> None:
        if heard["type"] != "message":
            return
        if heard["channel"].decode() == announcements.CHANNEL:
            self.recheck_now.set()
        else:
            self.spread_news(heard["data"])

    async def guard(self) -> None:
        """Looks again at what each reader may hear, for ever."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.recheck_now.wait(), RECHECK_SECONDS)
            self.recheck_now.clear()
            await self.recheck()

    async def recheck(self) -> None:
        """Ends the streams of dead sessions; a database that is down ends them all."""
        readers = list(self.readers)
        if not readers:
            return
        keys = {reader.session_key for reader in readers}
        try:
            allowed = await self.ask(lambda: access_of(keys))
        except Exception:
            log.exception("access unknown, streams closed")
            allowed = {}
        for reader in readers:
            self.apply(reader, allowed.get(reader.session_key))

    def apply(self, reader: Reader, access: Access | None) -> None:
        if access is None:
            reader.tell(None)
        elif access != reader.access:
            reader.access = access
            reader.tell(event("access", {"at": live.now_us()}))
