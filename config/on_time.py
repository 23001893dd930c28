"""When a worker begins a task and when it is too late: by the database's clock, as all else.

Who sends a task writes both as moments; the worker that takes it may have a clock that is an hour
off, and would throw everything away that the schedule sends, or keep it for an hour.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from celery.worker.request import Request
from celery.worker.state import revoked
from django.utils import timezone

from accounts import clock


class RequestOnTime(Request):
    def maybe_expire(self) -> Literal[True] | None:
        if self.expires is None or clock.now() <= self.expires:
            return None
        revoked.add(self.id)
        return True

    @property
    def eta(self) -> datetime | None:
        """On this machine's clock, by which the worker's timer goes."""
        due: datetime | None = super().eta
        return due and due + (timezone.now() - clock.now())
