"""The stream of activities: what it says, how it ends, and how many may be open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver
from x_simulator import clock
from x_simulator.happenings import Happening
from x_simulator.store import Store
from x_simulator.streams.past import KEPT_MS, Happened, Past

PATH = "/2/activity/stream"
LAST_CHUNK = b"\r\n0\r\n\r\n"
LATEST = {"status": "all", "connection.fields": "disconnect_reason"}


@pytest.fixture(autouse=True)
def usual(program: Program) -> Iterator[None]:
    yield
    usual = {"keep_alive_seconds": 20, "most_waiting": 5_000, "cut_after_seconds": 2}
    program.control("POST", "streams", **usual)
    assert program.open_streams() == set()


@pytest.fixture
def brand(program: Program) -> Iterator[Json]:
    """Whose messages and posts are subscribed to, without a webhook."""
    brand, path = program.brand(), "/2/activity/subscriptions"
    made = []
    for kind in ("dm.received", "post.create", "post.mention.create"):
        body = {"event_type": kind, "filter": {"user_id": brand["id"]}}
        answer = program.call("POST", path, brand["token"], json=body)
        made.append(answer.json()["data"]["subscription"]["subscription_id"])
    yield brand
    assert program.call("DELETE", f"{path}?ids={','.join(made)}", program.bearer()).is_success


def message_of(told: Json) -> str:
    message_id: str = told["data"]["payload"]["direct_message_events"][0]["id"]
    return message_id


def opened(program: Program, **params: Any) -> httpx.Response:
    """Of a call that should be refused."""
    return program.call("GET", PATH, program.bearer(), params=params)


# Lines


def test_what_a_webhook_gets_the_stream_says_too(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand, customer = program.brand(), program.person()
    kinds = ("dm.received", "post.create", "post.mention.create", "post.reply.create")
    for kind in kinds:
        program.subscribe(brand, kind, webhook, tag=f"tag of {kind}")
    with program.listen(PATH, program.bearer()) as stream:
        program.dm(customer, brand)
        own = program.post(brand, "Hello")
        program.post(customer, f"@{brand['username']} hello")
        program.post(customer, "and to all", in_reply_to_post_id=own)
        program.control("POST", "revoke", user_id=brand["id"])
        told = stream.lines(5)
    assert told == receiver.wait_for(5)
    assert [one["data"]["event_type"] for one in told] == [*kinds, "oauth.revoke"]


def test_a_subscription_needs_no_webhook(program: Program, brand: Json) -> None:
    with program.listen(PATH, program.bearer()) as stream:
        dm_id = program.dm(program.person(), brand)
        assert message_of(stream.line()) == dm_id


def test_every_stream_hears_it(program: Program, brand: Json) -> None:
    bearer = program.bearer()
    with program.listen(PATH, bearer) as one, program.listen(PATH, bearer) as other:
        program.dm(program.person(), brand)
        assert one.line() == other.line()


def test_silence_is_broken_by_signs_of_life(program: Program, brand: Json) -> None:
    program.control("POST", "streams", keep_alive_seconds=0.05)
    with program.listen(PATH, program.bearer()) as stream:
        assert [stream.next(), stream.next()] == ["", ""]
        dm_id = program.dm(program.person(), brand)
        assert message_of(stream.line()) == dm_id
        assert stream.next() == ""


def test_it_carries_the_bytes_of_x(program: Program, brand: Json) -> None:
    program.control("POST", "streams", keep_alive_seconds=0.05)
    with program.listen(PATH, program.bearer()) as stream:
        program.post(brand, "Grüße 🐘")
        raw, pieces = b"", stream.answer.iter_raw()
        while b"}\r\n" not in raw:
            raw += next(pieces)
    assert "Grüße 🐘".encode() in raw
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert stream.answer.headers["content-type"] == "application/json"


def test_a_bulk_delivery_is_streamed_as_well(program: Program, brand: Json) -> None:
    dm_id = program.dm(program.person(), brand, deliver=False)
    with program.listen(PATH, program.bearer()) as stream:
        events = [{"kind": "dm", "id": dm_id}]
        program.control("POST", "deliver", events=events, repeat=2)
        assert [message_of(one) for one in stream.lines(2)] == [dm_id, dm_id]


# Recovery


def test_what_was_missed_comes_before_what_is_new(program: Program, brand: Json) -> None:
    customer = program.person()
    missed = [program.dm(customer, brand, f"missed {n}") for n in range(3)]
    with program.listen(PATH, program.bearer(), backfill_minutes=1) as stream:
        new = program.dm(customer, brand, "new")
        told = [message_of(one) for one in stream.until(new) if _is_of(one, brand)]
    assert told == [*missed, new]


def test_only_the_latest_minutes_are_repeated(program: Program, brand: Json) -> None:
    customer = program.person()
    old, recent = program.dm(customer, brand, "old"), program.dm(customer, brand, "recent")
    program.pretend("UPDATE happenings SET at_ms = at_ms - 61000 WHERE subject_id = ?", (int(old),))
    with program.listen(PATH, program.bearer(), backfill_minutes=1) as stream:
        told = [message_of(one) for one in stream.until(recent) if _is_of(one, brand)]
    assert told == [recent]


def _is_of(told: Json, brand: Json) -> bool:
    return bool(told["data"]["filter"].get("user_id") == brand["id"])


def test_a_given_time_is_repeated_and_no_more(program: Program, brand: Json) -> None:
    customer = program.person()
    dm_id, other = program.dm(customer, brand, "then"), program.dm(customer, brand, "later")
    program.pretend(
        "UPDATE happenings SET at_ms = at_ms - 7200000 WHERE subject_id = ?", (int(dm_id),)
    )
    now = clock.now_ms()
    span = {
        "start_time": clock.iso_second(now - 3 * 3_600_000),
        "end_time": clock.iso_second(now - 3_600_000),
    }
    with program.listen(PATH, program.bearer(), **span) as stream:
        told = [message_of(one) for one in stream.rest() if _is_of(one, brand)]
    assert told == [dm_id]
    assert other not in told


def test_what_happened_is_forgotten_after_a_day(tmp_path: Path) -> None:
    past, now = Past(Store(tmp_path / "x.sqlite3")), clock.now_ms()
    yesterday = Happened(Happening("post.create", 1, 1), now - KEPT_MS - 1)
    recently = Happened(Happening("post.create", 1, 2), now)
    past.record([yesterday])
    past.record([recently] * 999)
    assert past.between(0, now) == [recently] * 999


# How many


def test_two_may_be_open_and_the_third_is_refused(program: Program) -> None:
    bearer = program.bearer()
    with program.listen(PATH, bearer) as one:
        with program.listen(PATH, bearer):
            refused = opened(program)
            assert refused.status_code == 429
            assert refused.json()["connection_issue"] == "TooManyConnections"
            assert int(refused.headers["x-rate-limit-remaining"]) > 0
        with program.listen(PATH, bearer) as again:
            assert again.answer.headers["x-rate-limit-limit"] == "450"
        assert one.answer.is_success


def test_opening_it_is_counted(program: Program) -> None:
    left = []
    for _ in range(2):
        with program.listen(PATH, program.bearer()) as stream:
            left.append(int(stream.answer.headers["x-rate-limit-remaining"]))
    assert left[0] - left[1] == 1


def test_only_the_app_may_open_it(program: Program) -> None:
    token = program.brand()["token"]
    refused = program.call("GET", PATH, token)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("unsupported-authentication")


# Ends


def test_x_says_why_it_ends_it_and_hangs_up(program: Program, brand: Json) -> None:
    with program.listen(PATH, program.bearer()) as stream:
        dm_id = program.dm(program.person(), brand)
        program.control("POST", "streams/end", disconnect_type="UpstreamOperationalDisconnect")
        event, end = stream.rest()
    assert message_of(event) == dm_id
    assert end["errors"][0]["disconnect_type"] == "UpstreamOperationalDisconnect"


def test_x_may_hang_up_without_a_word(program: Program) -> None:
    with program.listen(PATH, program.bearer()) as stream:
        program.control("POST", "streams/end")
        assert stream.rest() == []


def test_an_ended_stream_makes_room_at_once(program: Program) -> None:
    bearer = program.bearer()
    with program.listen(PATH, bearer), program.listen(PATH, bearer):
        assert len(program.control("POST", "streams/end")["ended"]) == 2
        with program.listen(PATH, bearer) as stream:
            assert stream.answer.is_success


@contextmanager
def slow_reader(program: Program) -> Iterator[socket.socket]:
    """Has the headers of the stream, and reads no further by itself."""
    address = urlsplit(program.url)
    with closing(socket.socket()) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.settimeout(30)
        reader.connect((address.hostname, address.port))
        head = f"GET {PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {program.bearer()}"
        reader.sendall(f"{head}\r\n\r\n".encode())
        assert reader.recv(15) == b"HTTP/1.1 200 OK"
        yield reader


def flood(program: Program, brand: Json) -> None:
    dm_id = program.dm(program.person(), brand, "x" * 5_000, deliver=False)
    events = [{"kind": "dm", "id": dm_id}] * 20
    program.control("POST", "deliver", events=events, repeat=100)


def read_on(reader: socket.socket) -> bytes:
    read = b""
    with suppress(ConnectionResetError):
        while not read.endswith(LAST_CHUNK) and (piece := reader.recv(1_000_000)):
            read += piece
    return read


def test_who_reads_too_slowly_is_cut_off(program: Program, brand: Json) -> None:
    program.control("POST", "streams", most_waiting=50, cut_after_seconds=0.01)
    with slow_reader(program) as reader:
        flood(program, brand)
        assert program.open_streams() == set()
        read = read_on(reader)
    assert b"dm.received" in read
    assert not read.endswith(LAST_CHUNK)
    assert b"disconnect_type" not in read
    said = program.get("/2/connections", program.bearer(), **LATEST)["data"][0]
    assert said["disconnect_reason"] == "SlowReader"


def test_who_reads_on_in_time_hears_that_it_was_too_slow(program: Program, brand: Json) -> None:
    program.control("POST", "streams", most_waiting=50, cut_after_seconds=60)
    with slow_reader(program) as reader:
        flood(program, brand)
        read = read_on(reader)
    last = read.rstrip().rpartition(b"\r\n{")[2]
    assert b'"disconnect_type":"SlowReader"' in last


def test_a_reader_that_keeps_up_loses_nothing(program: Program, brand: Json) -> None:
    program.control("POST", "streams", most_waiting=100)
    dm_id = program.dm(program.person(), brand, deliver=False)
    with program.listen(PATH, program.bearer()) as stream:
        for _ in range(10):
            events = [{"kind": "dm", "id": dm_id}]
            program.control("POST", "deliver", events=events, repeat=100)
            assert {message_of(one) for one in stream.lines(100)} == {dm_id}


# What X knows of them


def test_the_list_knows_who_left_and_why(program: Program) -> None:
    bearer, path = program.bearer(), "/2/connections"
    fields = {"connection.fields": "endpoint_name,connected_at,disconnected_at,disconnect_reason"}
    with program.listen(PATH, bearer):
        (one,) = program.get(path, bearer, **fields)["data"]
        assert one["endpoint_name"] == "activity_stream"
        assert "disconnected_at" not in one
    assert "data" not in program.get(path, bearer)
    (left, *_) = program.get(path, bearer, status="inactive", **fields)["data"]
    assert (left["id"], left["disconnect_reason"]) == (one["id"], "ClientDisconnected")


def test_a_stream_is_ended_by_its_id(program: Program) -> None:
    bearer, path = program.bearer(), "/2/connections"
    with program.listen(PATH, bearer) as other, program.listen(PATH, bearer) as stream:
        latest = program.get(path, bearer)["data"][0]["id"]
        body = {"uuids": [latest, "nobody"]}
        told = program.call("DELETE", path, bearer, json=body).json()["data"]
        assert told["results"] == [
            {"uuid": latest, "success": True},
            {"uuid": "nobody", "success": False, "error_message": "No such connection is open."},
        ]
        (end,) = stream.rest()
        assert end["errors"][0]["disconnect_type"] == "ForceDisconnect"
        assert len(program.open_streams()) == 1
        assert other.answer.is_success


def test_streams_of_another_endpoint_stay(program: Program) -> None:
    bearer = program.bearer()
    with program.listen(PATH, bearer) as stream:
        told = program.call("DELETE", "/2/connections/filtered_stream", bearer).json()["data"]
        assert told == {"successful_kills": 0, "failed_kills": 0}
        assert program.call("DELETE", "/2/connections/all", bearer).json()["data"]["results"]
        assert stream.rest()
