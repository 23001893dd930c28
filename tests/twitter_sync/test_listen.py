"""Hearing X's stream of activities: `twitter_sync.actions.listening`."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync import rude
from tests.twitter_sync.bodies import dm_received, encoded, push
from tests.x import Simulator
from twitter_sync import oauth
from twitter_sync.actions import listening, turns
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.hearing import LISTENERS
from twitter_sync.actions.setting_up import set_up
from twitter_sync.actions.sweeping import sweep
from twitter_sync.client import Client
from twitter_sync.models import RawEvent, StreamLease, Subscription, SyncCursor, SyncGap
from twitter_sync.streaming import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db
WITHIN_SECONDS = 30.0
TOO_MANY = '{"title":"ConnectionException","connection_issue":"TooManyConnections"}'
Serve = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def listened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with a worker that nobody has asked to end, and that tells of each line."""
    listening.stopping.clear()
    renew = listening.renew

    def tell(turn: turns.Turn) -> None:
        renew(turn)
        _lines_read.release()

    monkeypatch.setattr(listening, "renew", tell)
    monkeypatch.setattr(turns, "RENEW_EVERY", timedelta(0))
    yield
    while _lines_read.acquire(blocking=False):
        pass
    listening.stopping.clear()


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """For whom the worker rang, instead of a queue that nobody reads here."""
    told = list[dict[str, int]]()
    monkeypatch.setattr(listening, "ring_now", lambda task, *, queue, **how: told.append(how))
    return told


@pytest.fixture
def acme(acme: BrandAccount, monkeypatch: pytest.MonkeyPatch) -> BrandAccount:
    """X was asked to tell of it, and a row for the stream is there."""
    Subscription.objects.create(
        brand=acme,
        event_type="dm.received",
        external_id="1",
        granted_at=timezone.now() - timedelta(days=1),
    )
    StreamLease.objects.create(name="activity")
    monkeypatch.setattr(oauth, "app_bearer", lambda **_: "token-of-the-app")
    return acme


@pytest.fixture
def serve(settings: Settings) -> Iterator[Serve]:
    """`serve(answer, answer)`: X meets each connection with the next answer, then ends the worker.
    Returns what was asked, in order."""
    running = []

    def serve(*answers: rude.Answer) -> list[str]:
        left, heard = list(answers), list[str]()

        def meet(connection: socket.socket) -> None:
            if not left:
                listening.stop()
                return
            left.pop(0)(connection)

        server = rude.serving(meet, heard)
        settings.X_API_URL = server.__enter__()
        running.append(server)
        return heard

    yield serve
    for server in running:
        server.__exit__(None, None, None)


def lease() -> StreamLease:
    return StreamLease.objects.get()


def listen(predecessor: int = 0) -> None:
    listening.listen(lease().pk, predecessor)


def take(predecessor: int = 0) -> turns.Turn | None:
    return turns.take(LISTENERS["activity"], lease().pk, predecessor)


_lines_read = threading.Semaphore(0)


def says(*bodies: Any, then: rude.Answer) -> rude.Answer:
    """A stream that brings these, a line each, and a sign of life. What comes `then` waits until
    all of that was read: whoever hangs up takes along what is on its way."""
    lines = [*(encoded(body) for body in bodies), b""]

    def when_read(connection: socket.socket) -> None:
        for _ in lines:
            assert _lines_read.acquire(timeout=WITHIN_SECONDS)
        then(connection)

    return rude.streams(*(line + b"\r\n" for line in lines), then=when_read)


def stops(connection: socket.socket) -> None:
    """The worker is asked to end while it waits for the next line."""
    listening.stop()
    rude.never(connection)


# What comes


def test_every_line_is_kept_and_becomes_what_it_tells(serve, acme, carla):
    told = [dm_received(acme, carla, f"No. {number}") for number in range(3)]
    serve(says(*told, then=stops))
    listen()
    assert {row.source for row in RawEvent.objects.all()} == {"stream"}
    apply_due()
    assert [message.text for message in Message.objects.all()] == ["No. 0", "No. 1", "No. 2"]
    assert lease().told_at is not None


def test_signs_of_life_are_heard_and_not_kept(serve, acme):
    serve(says(then=stops))
    listen()
    assert not RawEvent.objects.exists()
    assert (lease().is_heard, lease().told_at) == (True, None)


def test_what_is_pushed_as_well_is_one_fact(client, serve, acme, carla):
    """Byte by byte another body: the webhook's has spaces, the replay's a mark."""
    one = dm_received(acme, carla, "Hello")
    serve(says(one, then=stops))
    push(client, json.dumps(one, indent=1).encode())
    listen()
    push(client, one | {"meta": {"replay": True}})
    assert RawEvent.objects.count() == 1


def test_what_came_of_one_brand_is_read_while_another_is_away(serve, acme, globex, carla):
    BrandAccount.objects.filter(pk=globex.pk).update(status="disconnected")
    serve(says(dm_received(acme, carla), then=stops))
    listen()
    assert RawEvent.objects.count() == 1


# Whose turn it is


def test_one_holds_it_at_a_time(acme):
    assert take() is not None
    assert take() is None


def test_the_lease_of_a_worker_that_died_runs_out(acme):
    dead = take()
    StreamLease.objects.update(leased_until=timezone.now())
    alive = take()
    assert (dead.lease.token, alive.lease.token) == (1, 2)


def test_what_the_one_before_writes_counts_no_more(acme):
    """It was asleep for longer than its lease (trust C8)."""
    asleep = take()
    StreamLease.objects.update(leased_until=timezone.now())
    take()
    held = lease()
    turns.renew(asleep)
    listening.leave(asleep)
    assert (lease().leased_until, lease().heard_at) == (held.leased_until, None)


def test_only_who_was_rung_for_may_take_what_is_held(acme):
    first = take()
    turns.renew(first)
    assert take(first.lease.token + 5) is None
    second = take(first.lease.token)
    assert (second.lease.token, second.is_connected) == (2, True)
    assert take(first.lease.token) is None


def test_nobody_listens_where_nothing_is_subscribed(serve, acme, settings):
    heard = serve()
    settings.X_STREAM = False
    listen()
    settings.X_STREAM = True
    Subscription.objects.all().delete()
    listen()
    assert heard == []


def test_the_sweep_rings_for_a_stream_that_nobody_reads(acme, rung, settings):
    sweep()
    assert rung == [{"lease_id": lease().pk}]
    take()
    sweep()
    assert len(rung) == 1
    StreamLease.objects.update(leased_until=timezone.now())
    settings.X_STREAM = False
    sweep()
    assert len(rung) == 1


def test_the_sweep_waits_as_long_as_x_asks_for(acme, rung):
    StreamLease.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    sweep()
    assert (rung, take()) == ([], None)


def test_a_turn_is_over_before_the_queue_loses_patience(settings):
    longest = turns.READ_FOR + turns.OVERLAP + listening.LONGEST_WAIT
    longest += timedelta(seconds=PATIENCE_SECONDS)
    most = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert longest.total_seconds() < turns.TIME_LIMIT_SECONDS < most
    assert timedelta(seconds=PATIENCE_SECONDS) + listening.LONGEST_WAIT < turns.LEASE


# Ends


def test_a_stream_that_broke_off_is_opened_again_with_what_was_missed(serve, acme, carla):
    first, second = dm_received(acme, carla, "one"), dm_received(acme, carla, "two")
    heard = serve(says(first, then=rude.resets), says(second, then=stops))
    listen()
    assert "backfill" not in heard[0]
    assert "backfill_minutes=1 " in heard[1]
    assert RawEvent.objects.count() == 2
    assert (lease().failures, lease().failure) == (0, "")


def test_of_a_long_absence_x_repeats_five_minutes_and_the_rest_is_broken(serve, acme):
    for minutes, asked in ((3, 4), (50, 5)):
        since = timezone.now() - timedelta(hours=1)
        StreamLease.objects.update(
            heard_at=timezone.now() - timedelta(minutes=minutes), unbroken_since=since
        )
        listening.stopping.clear()
        heard = serve(says(then=stops))
        listen()
        assert f"backfill_minutes={asked} " in heard[0]
        assert (lease().unbroken_since == since) is (minutes == 3)
        assert lease().was_heard_since(since) is (minutes == 3)
        # Nobody pushes here either: deletions of that time are lost.
        assert SyncGap.objects.lost().filter(feed="pushes").exists() is (minutes == 50)


def test_a_plan_without_backfill_is_asked_for_none(serve, acme):
    StreamLease.objects.update(heard_at=timezone.now() - timedelta(minutes=2))
    refusal = rude.says("400 Bad Request", '{"title":"Invalid Request","detail":"No backfill."}')
    heard = serve(refusal, says(then=stops))
    listen()
    assert ["backfill" in asked for asked in heard] == [True, False]
    assert lease().has_backfill is False
    assert lease().unbroken_since is not None


def test_a_broken_stream_has_every_feed_asked_at_once(serve, acme):
    later = timezone.now() + timedelta(hours=1)
    feeds = {
        feed: SyncCursor.objects.create(brand=acme, feed=feed, due_at=later)
        for feed in SyncCursor.Feed
    }
    SyncCursor.objects.filter(feed="mentions").update(polled_at=timezone.now())
    SyncCursor.objects.filter(feed="own_posts").update(is_limited=True)
    serve(says(then=rude.resets), says(then=stops))
    listen()
    for cursor in feeds.values():
        cursor.refresh_from_db()
    assert [cursor.feed for cursor in feeds.values() if cursor.due_at < later] == ["dms"]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (rude.says("503 Service Unavailable", "busy"), 0),
        (rude.says("429 Too Many Requests", TOO_MANY), 60),
    ],
    ids=["an error", "too many"],
)
def test_a_long_wait_is_left_to_the_row(serve, acme, answer, seconds, monkeypatch):
    """A short one is waited for with the lease in hand."""
    monkeypatch.setattr(listening, "LONGEST_WAIT", timedelta(seconds=4))
    heard = serve(answer, answer)
    began = timezone.now()
    listen()
    held = lease()
    assert len(heard) == 1
    assert (held.failures, bool(held.failure), held.connected_at) == (1, True, None)
    assert held.due_at >= began + timedelta(seconds=seconds or 5)
    assert held.leased_until <= timezone.now()


def test_tries_in_a_row_are_counted_until_a_line_comes(serve, acme, monkeypatch):
    waits = list[float]()
    monkeypatch.setattr(listening.stopping, "wait", lambda seconds: waits.append(seconds))
    serve(rude.resets, rude.resets, rude.resets, says(then=rude.resets), says(then=stops))
    listen()
    assert waits == [0.25, 0.5, 0.75, 0.0]
    assert lease().failures == 0


def test_silence_ends_it(serve, acme, monkeypatch):
    monkeypatch.setitem(Client.open_stream.__kwdefaults__, "patience", 1.5)
    heard = serve(rude.streams(b"\r\n", then=rude.never), says(then=stops))
    listen()
    assert len(heard) == 2


# When the worker is asked to end


def test_a_worker_that_is_asked_to_end_hands_over_at_once(serve, acme, rung):
    """It waits for a line that does not come: SIGTERM must not."""
    ended = threading.Timer(0, wait_then_stop)
    serve(says(then=rude.never))
    ended.start()
    began = time.monotonic()
    listen()
    assert time.monotonic() - began < WITHIN_SECONDS / 2
    ended.join()
    assert rung == [{"lease_id": lease().pk, "after": 1}]
    assert lease().leased_until <= timezone.now()
    assert lease().failures == 0
    listen()
    assert lease().token == 1


def wait_then_stop() -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not listening._open and time.monotonic() < deadline:
        time.sleep(0.01)
    listening.stop()


def test_it_ends_a_wait_too(serve, acme, rung, monkeypatch):
    waiting, was_ended = threading.Event(), list[bool]()
    wait = listening.stopping.wait

    def told(seconds: float) -> bool:
        waiting.set()
        was_ended.append(wait(seconds))
        return was_ended[-1]

    monkeypatch.setattr(listening, "before_stream", lambda *_: timedelta(seconds=15))
    monkeypatch.setattr(listening.stopping, "wait", told)
    stopping = threading.Timer(0, lambda: (waiting.wait(WITHIN_SECONDS), listening.stop()))
    serve(rude.resets)
    stopping.start()
    listen()
    stopping.join()
    assert was_ended == [True]
    assert rung == [{"lease_id": lease().pk, "after": 1}]


# Handing over, with the simulator


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Whoever is rung for comes at once, in a thread of its own."""
    came = list[threading.Thread]()

    def work(lease_id: int, predecessor: int) -> None:
        try:
            listening.listen(lease_id, predecessor)
        finally:
            connection.close()

    def ring(task: str, *, queue: str, lease_id: int, predecessor: int = 0, after: int = 0) -> None:
        if not listening.stopping.is_set():
            came.append(threading.Thread(target=work, args=(lease_id, predecessor)))
            came[-1].start()

    monkeypatch.setattr(listening, "ring_now", ring)
    yield ring
    listening.stop()
    for worker in came:
        worker.join(WITHIN_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_one_worker_hands_over_to_the_next_and_no_line_is_lost(
    simulator: Simulator,
    connected: Callable[..., BrandAccount],
    webhook_url: str,
    workers: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both read for a moment, and never a third."""
    brand, customer = connected(), simulator.person()
    set_up(brand)
    StreamLease.objects.create(name="activity")
    simulator.post("streams", keep_alive_seconds=0.1)
    monkeypatch.setattr(turns, "READ_FOR", timedelta(seconds=2))
    monkeypatch.setattr(turns, "ON_ITS_WAY", timedelta(seconds=1.5))
    monkeypatch.setattr(turns, "RENEW_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(turns, "OVERLAP", timedelta(seconds=10))
    workers("twitter_sync.listen", queue="stream", lease_id=lease().pk)
    until(lambda: lease().is_heard)
    people = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    began, sent, most_open = lease().unbroken_since, list[str](), 0
    deadline = time.monotonic() + WITHIN_SECONDS
    while lease().token < 3:
        assert time.monotonic() < deadline
        sent.append(simulator.post("dms", text=f"No. {len(sent)}", **people)["id"])
        most_open = max(most_open, len(simulator.get("streams")["open"]))
        time.sleep(0.02)  # often enough to be between two lines; more would only be more to read
    until(lambda: RawEvent.objects.filter(source="stream").count() >= len(sent))
    simulator.post("streams", keep_alive_seconds=20.0)
    assert most_open <= 2
    assert (lease().unbroken_since, lease().failures) == (began, 0)
    apply_due(limit=10_000)
    assert set(Message.objects.values_list("external_id", flat=True)) == set(sent)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
