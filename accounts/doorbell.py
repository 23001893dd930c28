"""Ringing the workers: row ids through Celery, after commit, and no harm if nobody hears.

Postgres is the only truth. A ring that is lost costs a few seconds, until the sweeper looks.
"""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

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
