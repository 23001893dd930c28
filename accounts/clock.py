"""What time it is: by the clock of the database, which all our processes share (trust R24).

    clock.now()

Moments are written by one process and compared by another: when a reply is due, until when a lease
or a token holds. The clock of a machine may be an hour off, or be set while we run. So each new
connection to the database is asked for its time; from there on counts a clock that nobody sets.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

log = structlog.get_logger(__name__)

# Less than this is no difference: clocks of machines that ask for the time anywhere agree better.
NO_DIFFERENCE = timedelta(seconds=2)
# It also counts while a machine sleeps, where there is one.
UNSET = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Told:
    """The database's time, when ours that nobody sets said `at` seconds; uncertain by as much as
    the asking took."""

    moment: datetime
    at: float
    took: float


_told: Told | None = None


def now() -> datetime:
    """Of the machine, where it agrees with the database; before anything was asked, too."""
    ours = timezone.now()
    if _told is None:
        return ours
    theirs = _told.moment + timedelta(seconds=time.clock_gettime(UNSET) - _told.at)
    may_differ = max(NO_DIFFERENCE, timedelta(seconds=_told.took))
    return ours if abs(theirs - ours) <= may_differ else theirs


def set_at_once() -> None:
    """For who may have much to do before it needs the database. Where there is none, our own clock
    counts until there is."""
    with closing(connection.copy()) as line:
        try:
            line.connect()
        except OperationalError as error:
            log.warning("time unknown", error=str(error))


def ask(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Hears the time of a database that has just been connected to."""
    global _told
    asked_at = time.clock_gettime(UNSET)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone() or [timezone.now()]
    told_at = time.clock_gettime(UNSET)
    _told = Told(moment, (asked_at + told_at) / 2, told_at - asked_at)
