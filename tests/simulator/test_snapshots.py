"""Everything in one file, and back again."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.program import Program
from tests.simulator.receiver import Receiver
from x_simulator.happenings import ON_REVOKE, Happening
from x_simulator.outbound import Outbound
from x_simulator.settings import Settings
from x_simulator.streams.streams import ACTIVITY
from x_simulator.world import World

SQLITE = {"content-type": "application/vnd.sqlite3"}


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A simulator of these tests' own: what it holds comes and goes."""
    program = Program(tmp_path_factory.mktemp("restored"))
    program.start()
    yield program
    assert program.end() == 0, program.log()


def taken(program: Program) -> bytes:
    answer = program.http.get(f"{program.url}/_sim/snapshot")
    assert (answer.status_code, answer.headers["content-type"]) == (200, SQLITE["content-type"])
    return answer.content


def put_back(program: Program, content: bytes) -> None:
    answer = program.http.post(f"{program.url}/_sim/restore", content=content, headers=SQLITE)
    assert (answer.status_code, answer.json()) == (200, {"restored": True})


def said(program: Program) -> set[str]:
    return {dm["text"] for dm in program.control("GET", "ledger")["dms"]}


def test_what_came_after_it_is_gone_and_what_was_before_it_is_there(restored: Program) -> None:
    brand, customer = restored.brand(), restored.person()
    restored.dm(customer, brand, "before")
    restored.control("POST", "faults", fault="late", seconds=0)
    snapshot = taken(restored)
    restored.control("DELETE", "faults")
    later = restored.brand()
    latest = restored.dm(customer, brand, "after")

    put_back(restored, snapshot)

    assert said(restored) == {"before"}
    assert [one["fault"] for one in restored.control("GET", "faults")["faults"]] == ["late"]
    seen = restored.get("/2/dm_events", brand["token"])["data"]
    assert [event["text"] for event in seen] == ["before"]
    assert restored.call("GET", "/2/users/me", later["token"]).status_code == 401
    assert int(restored.dm(customer, brand, "again")) > int(latest)
    restored.control("DELETE", "faults")


def test_what_was_on_its_way_goes_out_again(
    restored: Program, receiver: Receiver, tmp_path: Path
) -> None:
    brand, customer = restored.brand(), restored.person()
    webhook = restored.call("POST", "/2/webhooks", restored.bearer(), json={"url": receiver.url})
    restored.subscribe(brand, "dm.received", webhook.json()["data"]["id"])
    restored.dm(customer, brand, "on its way")
    first = receiver.wait_for(1)
    restored.wait_until_noted()
    snapshot = tmp_path / "snapshot.sqlite3"
    snapshot.write_bytes(taken(restored))
    with closing(sqlite3.connect(snapshot)) as copy, copy:
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("UPDATE deliveries SET state = 'pending', done_ms = NULL")

    put_back(restored, snapshot.read_bytes())

    assert receiver.wait_for(2) == first * 2
    restored.dm(customer, brand, "and on it goes")
    assert len(receiver.wait_for(3)) == 3


def test_a_stream_that_is_open_ends(restored: Program) -> None:
    brand, customer, bearer = restored.brand(), restored.person(), restored.bearer()
    body = {"event_type": "dm.received", "filter": {"user_id": brand["id"]}}
    restored.call("POST", "/2/activity/subscriptions", brand["token"], json=body)
    with restored.listen("/2/activity/stream", bearer) as stream:
        snapshot = taken(restored)
        put_back(restored, snapshot)
        assert "operational-disconnect" in str(stream.rest()[-1])
    assert "data" not in restored.get("/2/connections", bearer, status="active")
    with restored.listen("/2/activity/stream", bearer) as stream:
        dm_id = restored.dm(customer, brand)
        assert dm_id in str(stream.line())


def test_what_is_announced_meanwhile_is_not_sent(tmp_path: Path) -> None:
    """It is of a world that is gone, and its number there is another delivery's here."""

    async def left_behind() -> set[asyncio.Task[Any]]:
        outbound, copy = Outbound(), tmp_path / "copy.sqlite3"
        world = World(Settings(tmp_path, (), "key", "secret", "client", "secret"), outbound)
        world.store.copy_to(copy)

        def announce_to(number: int) -> None:
            world.store.insert(
                "INSERT INTO webhooks (id, url, valid, created_ms) VALUES (?, ?, 1, 0)",
                (number, f"http://[::1]:{number}/"),
            )
            world.announce([Happening(ON_REVOKE, 1, 0)])

        await world.start()
        before = asyncio.all_tasks()
        announce_to(1)
        restoring = asyncio.create_task(world.restore(copy))
        number = 1
        while not restoring.done():
            announce_to(number := number + 1)
            await asyncio.sleep(0)
        await world.stop()
        await asyncio.sleep(0)  # who was called back comes to an end
        left = asyncio.all_tasks() - before
        world.store.close()
        outbound.close()
        return left

    assert asyncio.run(asyncio.wait_for(left_behind(), 15)) == set()


def test_a_stream_that_is_opened_meanwhile_ends_too(tmp_path: Path) -> None:
    async def told_to_a_latecomer() -> bytes:
        outbound, copy = Outbound(), tmp_path / "copy.sqlite3"
        world = World(Settings(tmp_path, (), "key", "secret", "client", "secret"), outbound)
        world.store.copy_to(copy)
        await world.start()
        restoring = asyncio.create_task(world.restore(copy))
        await asyncio.sleep(0)  # it waits for what goes on by itself to stop
        late = world.streams.open(ACTIVITY, "127.0.0.1", lambda happened: (), None)
        await restoring
        told = b"".join([line async for line in late.lines()])
        await world.stop()
        world.store.close()
        outbound.close()
        return told

    assert b"OperationalDisconnect" in asyncio.run(asyncio.wait_for(told_to_a_latecomer(), 15))


def test_it_is_whole_although_people_write_meanwhile(restored: Program, tmp_path: Path) -> None:
    brand, customer = restored.brand(), restored.person()
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            restored.dm(customer, brand, "and on and on")

    writer = threading.Thread(target=write)
    writer.start()
    copies = [taken(restored) for _ in range(5)]
    enough.set()
    writer.join()
    for number, content in enumerate(copies):
        path = tmp_path / f"{number}.sqlite3"
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            dms = copy.execute("SELECT count(*) FROM dms").fetchone()[0]
            assert copy.execute("SELECT count(*) FROM dm_boxes").fetchone()[0] == 2 * dms


def test_what_is_no_snapshot_changes_nothing(restored: Program, tmp_path: Path) -> None:
    before = restored.control("GET", "ledger")
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as other, other:
        other.execute("CREATE TABLE users (id INTEGER)")
    for content in (b"", b"x" * 5_000, (tmp_path / "other.sqlite3").read_bytes()):
        url = f"{restored.url}/_sim/restore"
        answer = restored.http.post(url, content=content, headers=SQLITE)
        assert answer.status_code == 400
        assert "not a snapshot" in answer.json()["error"]
    as_json = restored.http.post(f"{restored.url}/_sim/restore", json={})
    assert as_json.status_code == 415
    assert restored.control("GET", "ledger") == before
    assert list((restored.folder / "data").glob("snapshot-*")) == []
