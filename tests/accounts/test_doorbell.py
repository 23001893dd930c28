"""A bell that is rung often: `accounts.doorbell.Bell`, on a real queue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from accounts import doorbell
from accounts.doorbell import Bell

ROOT = Path(__file__).resolve().parents[2]
TASK = "tests.nothing"
WITHIN_SECONDS = 30
ASK_AND_END = """
import django
django.setup()
from accounts.doorbell import Bell
Bell({task!r}, {queue!r}).ask()
"""


class Queue:
    """Where a worker would take rings from; nobody else does."""

    def __init__(self, line: redis.Redis) -> None:
        self.line, self.name = line, f"bell-{uuid4().hex}"

    def take(self) -> bool:
        """Waits for a ring; False when none comes."""
        return self.line.blpop([self.name], timeout=WITHIN_SECONDS) is not None

    def __len__(self) -> int:
        return int(self.line.llen(self.name))


@pytest.fixture
def queue() -> Iterator[Queue]:
    with redis.Redis.from_url(settings.REDIS_URL) as line:
        queue = Queue(line)
        yield queue
        line.delete(queue.name)


@pytest.fixture
def bell(queue) -> Bell:
    return Bell(TASK, queue.name)


def test_whoever_asks_is_followed_by_a_ring(bell, queue):
    """Also who asks right after one, while the bell pauses."""
    for _ in range(20):
        bell.ask()
        assert queue.take()


def test_a_swarm_that_asks_is_followed_by_a_ring(bell, queue):
    swarm = [Thread(target=bell.ask) for _ in range(8)]
    for _ in range(10):
        for one in swarm:
            one.start()
        for one in swarm:
            one.join()
        assert queue.take()
        swarm = [Thread(target=bell.ask) for _ in range(8)]


def test_nobody_rings_while_a_ring_is_unheard(bell, queue, monkeypatch):
    looks: SimpleQueue[str] = SimpleQueue()

    def look(name: str) -> bool:
        looks.put(name)
        return is_unheard(name)

    is_unheard = doorbell.is_unheard
    monkeypatch.setattr(doorbell, "is_unheard", look)
    for _ in range(5):
        bell.ask()
        looks.get(timeout=WITHIN_SECONDS)
    assert len(queue) == 1


@pytest.mark.processes
def test_who_asked_last_is_followed_by_a_ring_when_the_process_ends(queue):
    code = ASK_AND_END.format(task=TASK, queue=queue.name)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert len(queue) == 1


def test_a_queue_that_is_down_ends_no_bell(bell, queue, monkeypatch, caplog):
    def is_down(*_: object, **__: object) -> None:
        tried.put(True)
        raise OperationalError("gone")

    tried: SimpleQueue[bool] = SimpleQueue()
    nobody = redis.Redis(port=9, socket_connect_timeout=1)
    with monkeypatch.context() as while_down:
        while_down.setattr(doorbell, "publisher", lambda: nobody)
        while_down.setattr(doorbell.current_app, "send_task", is_down)
        bell.ask()
        assert tried.get(timeout=WITHIN_SECONDS)
    bell.ask()
    assert queue.take()
    assert "exception calling callback" not in caplog.text
