"""A worker whose clock is off takes its tasks in time: `config.on_time`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.message import Message

from accounts import clock
from config.celery import app
from config.on_time import RequestOnTime
from twitter_sync.tasks import sweep

HOUR, MOMENT = timedelta(hours=1), timedelta(seconds=5)
ours = timezone.now


@pytest.fixture(params=[-HOUR, HOUR], ids=["an hour behind", "an hour ahead"])
def off(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """This machine's clock is off by so much, and the database's is not."""
    monkeypatch.setattr(clock, "now", ours)
    monkeypatch.setattr(timezone, "now", lambda: ours() + request.param)
    return request.param


def taken_from_the_queue(**times: float) -> RequestOnTime:
    """A task that was sent with these times, as its worker has it."""
    sent = app.amqp.as_task_v2("an id", sweep.name, **times)
    message = Message(body=b"", headers=sent.headers, properties=sent.properties)
    task = app.tasks[sweep.name]
    assert task.Request == "config.on_time:RequestOnTime"
    return RequestOnTime(
        message, app=app, task=task, headers=sent.headers, body=sent.body, decoded=True
    )


def test_it_throws_nothing_away_that_is_not_too_late(off):
    assert not taken_from_the_queue(expires=15).maybe_expire()


def test_it_throws_away_what_is_too_late(off, monkeypatch):
    task = taken_from_the_queue(expires=15)
    monkeypatch.setattr(clock, "now", lambda: ours() + timedelta(seconds=16))
    assert task.maybe_expire()


def test_it_waits_as_long_as_it_was_asked_to(off):
    """The timer of a worker goes by the clock of its machine."""
    due = taken_from_the_queue(countdown=30).eta
    assert due is not None
    assert abs(due - timezone.now() - timedelta(seconds=30)) < MOMENT


def test_what_is_due_at_once_has_no_moment(off):
    assert taken_from_the_queue().eta is None
