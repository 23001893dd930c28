"""`manage.py migrate`, which never makes people wait behind a lock that it can't get.

ALTER TABLE needs a table for itself. Behind a long transaction it would wait, and every query after
it would wait behind the ALTER: the desk stands still. So it gives up after seconds, lets the others
through and tries again. Each migration is a transaction of its own; nothing is half done.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connection
from django.db.migrations import Migration
from psycopg2.errors import LockNotAvailable

LOCK_TIMEOUT = "3s"
TRIES = 12
PAUSE_S = 2.0

IN_USE = "A table is in use for longer than {lock_timeout}; letting others through, trying again."
GIVEN_UP = (
    "Tables stayed in use and nothing was half done. Find the long transaction with "
    "SELECT pid, xact_start, application_name, query FROM pg_stat_activity ORDER BY xact_start; "
    "then migrate again."
)


class Command(migrate.Command):
    def handle(self, *arguments: Any, **options: Any) -> None:
        try:
            self.try_often(*arguments, **options)
        finally:
            if connection.connection is not None:
                set_lock_timeout("0")

    def try_often(self, *arguments: Any, **options: Any) -> None:
        for left in reversed(range(TRIES)):
            try:
                super().handle(*arguments, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                if not left:
                    raise CommandError(GIVEN_UP) from error
            self.stderr.write(IN_USE.format(lock_timeout=LOCK_TIMEOUT))
            time.sleep(PAUSE_S)

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """One without a transaction builds an index beside the others' work and may well wait:
        ended in between it would leave half an index behind."""
        if action in {"apply_start", "unapply_start"} and migration:
            set_lock_timeout(LOCK_TIMEOUT if migration.atomic else "0")
        super().migration_progress_callback(action, migration, fake)


def set_lock_timeout(time: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [time])
