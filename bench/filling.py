"""`bench/fill N`: a database with N invented conversations, by COPY, the same for the same seed."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import BrandAccount, User
from bench import Refused
from bench.checking import check
from bench.invention import Inventor
from bench.shelves import Shelves
from bench.stories import Storyteller
from bench.town import found
from inbox.models import Conversation

AT_A_TIME = 5_000


def refuse(_: Namespace) -> None:
    require_empty()


def main(options: Namespace) -> None:
    fill(
        options.conversations,
        seed=options.seed,
        until=options.until,
        password=options.password,
    )


def fill(
    how_many: int, *, seed: int, until: datetime | None = None, password: str | None = None
) -> None:
    """Raises Refused for a database in which anything is."""
    require_empty()
    until = until or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    began = time.perf_counter()
    shelves = copy_in(how_many, seed, until, password)
    took = time.perf_counter() - began
    rows = {sheet.table: sheet.rows for sheet in shelves.sheets()}
    for table, number in rows.items():
        print(f"{table:32} {number:>10,} rows")
    print(f"{sum(rows.values()):,} rows in {took:.1f} s: {sum(rows.values()) / took:,.0f} rows/s")
    analyse()
    print(f"{check(how_many, seed):,} conversations are as the product would have kept them")


def copy_in(how_many: int, seed: int, until: datetime, password: str | None) -> Shelves:
    inventor = Inventor(seed)
    with transaction.atomic():
        brands = found(inventor, opened_at=until, password=password)
        storyteller = Storyteller(inventor, brands, how_many, until)
        shelves = Shelves(inventor, until)
        for number in range(1, how_many + 1):
            shelves.put(storyteller.story(number))
            if number % AT_A_TIME == 0 or number == how_many:
                for sheet in shelves.sheets():
                    sheet.send()
        for sheet in shelves.numbered():
            sheet.set_sequence()
    return shelves


def require_empty() -> None:
    """Raises Refused for a database in which anything is, tables of others too. Reads alone: the
    database may not be migrated yet."""
    tables = set(connection.introspection.table_names())
    if tables and MigrationRecorder.Migration._meta.db_table not in tables:
        raise Refused(
            "this database holds tables that aren't Handled's, so nothing was touched. "
            "Name an empty one in DATABASE_URL, or a new folder with --data-dir."
        )
    for model in (BrandAccount, Conversation, User):
        if model._meta.db_table in tables and model._default_manager.exists():
            raise Refused(
                f"this database holds {model._meta.verbose_name_plural}, so nothing was touched. "
                "Name an empty one in DATABASE_URL, or a new folder with --data-dir."
            )


def analyse() -> None:
    """As autovacuum would have done by and by: plans and index-only scans need it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
