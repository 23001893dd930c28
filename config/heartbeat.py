"""Signs of life of workers and beat: a file that is touched while they do their work.

Asking a worker over Redis would start Python and Django anew for every question; the age of a file
costs nothing. `deploy/healthcheck.py` reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import beat, bootsteps
from celery.worker.consumer import Consumer
from django.conf import settings

EVERY_SECONDS = 5.0


def show_life() -> None:
    """Touches the file of HANDLED_HEARTBEAT_FILE, where there is one."""
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()


class WorkerHeartbeat(bootsteps.StartStopStep):
    """Beats while the worker hears its queues: without Redis it stops, and the file grows old."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Consumer, **options: Any) -> None:
        super().__init__(consumer, **options)
        self.timer: Any = None

    def start(self, consumer: Consumer) -> None:
        show_life()
        self.timer = consumer.timer.call_repeatedly(EVERY_SECONDS, show_life)

    def stop(self, consumer: Consumer) -> None:
        if self.timer:
            self.timer.cancel()


class Scheduler(beat.Scheduler):
    """The static schedule, kept in memory: every entry is due again within a minute anyway."""

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *arguments: Any, **options: Any) -> float:
        waits: float = super().tick(*arguments, **options)
        show_life()
        return waits
