"""A backlog that a worker applies, and a multi-row INSERT of the very rows that this made."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg2.extras import execute_values

from twitter_sync.actions.applying import apply_due
from twitter_sync.models import RawEvent
from twitter_sync.payloads import addressee

PAGE = 1_000
WARM_UP = 100
DIGEST = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"


class NotTheSame(Exception):
    """What applying made is not what the floor inserted, or not everything was applied."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Lap:
    """Seconds of both, for `events` that became `rows`."""

    events: int
    rows: int
    ours: float
    floor: float


class Backlog:
    def __init__(self, bodies: list[str]) -> None:
        self._bodies = [body.encode() for body in bodies]

    def race(self, rounds: int) -> list[Lap]:
        """Product and floor in turns, after a short lap that is not counted."""
        self._lap(self._bodies[:WARM_UP])
        return [self._lap(self._bodies) for _ in range(rounds)]

    def _lap(self, bodies: list[bytes]) -> Lap:
        clear()
        keep(bodies)
        ours = timed(apply_all)
        require_applied(len(bodies))
        tables = made()
        before = [digest(table) for table in tables]
        clear()
        floor = timed(lambda: insert(tables))
        if [digest(table) for table in tables] != before:
            raise NotTheSame("the floor inserted other rows than were applied")
        return Lap(len(bodies), sum(len(table.rows) for table in tables), ours, floor)


def timed(deed: Any) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


# The product


def keep(bodies: Iterable[bytes]) -> None:
    RawEvent.objects.bulk_create(
        RawEvent(
            source=RawEvent.Source.WEBHOOK,
            fact=f"body:{hashlib.sha256(body).hexdigest()}",
            addressee=addressee(json.loads(body)),
            body=body,
        )
        for body in bodies
    )


def apply_all() -> None:
    """What the worker's task does, until nothing is due."""
    while apply_due():
        pass


def require_applied(events: int) -> None:
    applied = RawEvent.objects.filter(state=RawEvent.State.APPLIED).count()
    if applied != events:
        states = RawEvent.objects.exclude(state=RawEvent.State.APPLIED).values_list(
            "state", "error"
        )
        raise NotTheSame(f"{applied} of {events} events were applied; the first other: {states[0]}")


# The floor


def names() -> list[str]:
    """Tables that applying writes to: all but the ledger itself and what was there before."""
    models = [
        *apps.get_app_config("inbox").get_models(),
        *apps.get_app_config("twitter_sync").get_models(),
    ]
    return [model._meta.db_table for model in models]


def made() -> list[Table]:
    found = [read(name) for name in names() if name != RawEvent._meta.db_table]
    return [table for table in found if table.rows]


def read(name: str) -> Table:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {name}")
        columns = [column.name for column in cursor.description]
        return Table(name, columns, cursor.fetchall())


def insert(tables: list[Table]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            columns = ", ".join(f'"{column}"' for column in table.columns)
            statement = f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE VALUES %s"
            execute_values(cursor.cursor, statement, table.rows, page_size=PAGE)


def digest(table: Table) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(DIGEST.format(table.name))
        count, text = cursor.fetchone()
        return count, text


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(names())} RESTART IDENTITY CASCADE")
