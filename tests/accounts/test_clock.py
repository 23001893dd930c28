"""What time it is the database says: `accounts.clock`."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from accounts import clock

pytestmark = pytest.mark.django_db

HOURS = (timedelta(hours=-1), timedelta(hours=1), timedelta(days=1))
CLOSE = timedelta(seconds=60)
ours = timezone.now


@pytest.fixture(autouse=True)
def nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_told", None)


def set_machine(monkeypatch: pytest.MonkeyPatch, off: timedelta) -> None:
    monkeypatch.setattr(timezone, "now", lambda: ours() + off)


def of_the_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone()
    return moment


@pytest.mark.parametrize("off", HOURS)
def test_a_machine_that_is_off_goes_by_the_database(monkeypatch, off):
    set_machine(monkeypatch, off)
    clock.ask(connection=connection)
    assert abs(clock.now() - of_the_database()) < CLOSE


@pytest.mark.parametrize("off", HOURS)
def test_a_clock_that_is_set_meanwhile_changes_nothing(monkeypatch, off):
    clock.ask(connection=connection)
    set_machine(monkeypatch, off)
    assert abs(clock.now() - of_the_database()) < CLOSE


def test_it_goes_on(monkeypatch):
    set_machine(monkeypatch, timedelta(days=1))
    clock.ask(connection=connection)
    before, began = clock.now(), time.monotonic()
    time.sleep(0.01)
    assert timedelta(0) < clock.now() - before
    assert (clock.now() - before).total_seconds() >= time.monotonic() - began - 0.001


def test_a_difference_that_asking_makes_is_none(monkeypatch):
    """Nobody is to find that a moment is yet to come which somebody else wrote before."""
    clock.ask(connection=connection)
    set_machine(monkeypatch, timedelta(seconds=1))
    before, now, after = timezone.now(), clock.now(), timezone.now()
    assert before <= now <= after


def test_an_answer_that_was_long_in_coming_says_less(monkeypatch):
    asked_at = time.clock_gettime(clock.UNSET)
    monkeypatch.setattr(clock, "_told", clock.Told(ours() + timedelta(seconds=5), asked_at, 10))
    assert abs(clock.now() - ours()) < timedelta(seconds=2)
    monkeypatch.setattr(clock, "_told", clock.Told(ours() + timedelta(hours=1), asked_at, 10))
    assert clock.now() - ours() > timedelta(minutes=59)


@pytest.mark.django_db(transaction=True)
def test_each_new_connection_asks(monkeypatch):
    set_machine(monkeypatch, timedelta(hours=1))
    connection.close()
    connection.ensure_connection()
    assert abs(clock.now() - of_the_database()) < CLOSE


def test_without_a_database_the_machine_counts(monkeypatch):
    def refuse(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(type(connections["default"]), "get_new_connection", refuse)
    clock.set_at_once()
    assert abs(clock.now() - ours()) < CLOSE
