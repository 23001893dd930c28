"""Migrating while people work: real locks, held by a transaction that takes its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings

from accounts.management.commands import migrate
from tests.stack import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "200ms")
    monkeypatch.setattr(migrate, "PAUSE_S", 0.05)
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "tests.altered"]):
        migrate_to("0001")
        yield
        migrate_to("zero")


def migrate_to(name: str, stderr: Any = None) -> None:
    call_command("migrate", "altered", name, verbosity=0, skip_checks=True, stderr=stderr)


class InTheBackground(threading.Thread):
    """A migration beside the test; what it says and how it ended can be read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.to = name
        self.stderr = StringIO()
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            migrate_to(self.to, self.stderr)
        except CommandError as error:
            self.error = error
        finally:
            connections.close_all()


def another_session() -> Any:
    known = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    return psycopg2.connect(
        **{name: known[key] for key, name in names.items()}, port=known["PORT"] or None
    )


@contextmanager
def reading() -> Iterator[Any]:
    """Somebody's long transaction, which has read the table and goes on with something else."""
    with closing(another_session()) as session:
        session.cursor().execute("SELECT * FROM altered")
        yield session


def can_read() -> bool:
    with closing(another_session()) as session, session.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'")
        cursor.execute("SELECT count(*) FROM altered")
        return cursor.fetchone() == (0,)


def has(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone() is not None


COLUMN = "SELECT 1 FROM pg_attribute WHERE attrelid = 'altered'::regclass AND attname = 'more'"
INDEX = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('altered_more') AND indisvalid"
WAITS = """
    SELECT 1 FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX CONCURRENTLY%'
"""


def test_it_lets_others_through_while_a_table_is_in_use_and_finishes_afterwards():
    with reading() as session:
        migration = InTheBackground("0002")
        until(lambda: migration.stderr.getvalue().count("trying again") >= 2, within=60)
        assert can_read()
        session.commit()
    migration.join(60)
    assert migration.error is None
    assert has(COLUMN)


def test_it_gives_up_in_the_end_and_leaves_nothing_half_done(monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 2)
    with reading(), pytest.raises(CommandError, match="pg_stat_activity"):
        migrate_to("0002", StringIO())
    assert not has(COLUMN)


def test_an_index_that_is_built_beside_the_work_waits_as_long_as_it_takes():
    migrate_to("0002")
    with closing(another_session()) as session:
        session.set_session(isolation_level="REPEATABLE READ")
        session.cursor().execute("SELECT 1")
        migration = InTheBackground("0003")
        until(lambda: has(WAITS), within=60)
        migration.join(0.5)  # longer than the limit of the others
        assert migration.is_alive()
        assert has(WAITS)
        session.commit()
    migration.join(60)
    assert migration.error is None
    assert has(INDEX)


def test_the_limit_ends_with_the_command():
    migrate_to("0003")
    assert not has("SELECT 1 WHERE current_setting('lock_timeout') <> '0'")
