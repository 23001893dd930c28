"""Ringing the workers: row ids through Celery, after commit, and no harm if nobody hears.

Postgres is the only truth. A ring that is lost costs a few seconds, until the sweeper looks.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock

import redis
import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.announcements import publisher

# A bell that is rung often rings at once, and for all that comes within so long once more.
PAUSE_SECONDS = 0.02

log = structlog.get_logger(__name__)


def ring(task: str, *, queue: str, after: int = 0, **ids: int) -> None:
    """Asks a worker of `queue` to run `task` with `ids`, once the transaction is committed, or some
    seconds `after` that: a minute at most, longer waits are for the clock (trust R11)."""
    transaction.on_commit(lambda: ring_now(task, queue=queue, after=after, **ids))


def ring_now(task: str, *, queue: str, after: int = 0, **ids: int) -> None:
    try:
        current_app.send_task(task, kwargs=ids, queue=queue, countdown=after or None, retry=False)
    except OperationalError as error:
        log.warning("doorbell unheard", task=task, error=str(error), **ids)


def ring_often(task: str, *, queue: str) -> None:
    """Likewise for what comes in swarms: `Bell` rings for many, and who asks waits for nothing."""
    transaction.on_commit(bell(task, queue).ask, robust=True)


@cache
def bell(task: str, queue: str) -> Bell:
    return Bell(task, queue)


class Bell:
    """Rings for one task from a thread of its own, so that nobody who asks waits for the queue.

    Whoever asks is followed by a ring, also when the process ends in an orderly way. Others who ask
    before it share it; so does everybody while an earlier one is still in the queue, unheard.
    """

    def __init__(self, task: str, queue: str) -> None:
        self._task, self._queue = task, queue
        self._thread = ThreadPoolExecutor(1, "doorbell")
        self._lock, self._is_asked = Lock(), False

    def ask(self) -> None:
        with self._lock:
            if self._is_asked:
                return
            self._is_asked = True
        # Without the callback an exception would stay in the future, and nobody would hear of it.
        self._thread.submit(self._ring).add_done_callback(Future.result)

    def _ring(self) -> None:
        # Whoever asks from here on may have been too late for this one.
        with self._lock:
            self._is_asked = False
        if not is_unheard(self._queue):
            ring_now(self._task, queue=self._queue)
        time.sleep(PAUSE_SECONDS)


def is_unheard(queue: str) -> bool:
    """Whether a ring waits in `queue` that no worker has taken yet: whoever takes it will see what
    is committed by now. Only for queues in which one ring is as good as another."""
    try:
        return bool(publisher().llen(queue))
    except redis.RedisError:
        return False
