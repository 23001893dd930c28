"""Ringing again for whatever is due: `twitter_sync.actions.sweeping`, and the tasks themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from config.celery import app
from tests.factories import (
    make_contact,
    make_conversation,
    make_message,
    make_thread,
    next_x_id,
)
from tests.twitter_sync.bodies import dm_received, push
from tests.twitter_sync.held import somebody_does
from twitter_sync import tasks
from twitter_sync.actions.sweeping import ROWS_PER_RING, sweep
from twitter_sync.models import KnownPost, RawEvent, SendAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the broker was handed."""
    handed: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        current_app,
        "send_task",
        lambda name, kwargs, **options: handed.append((name, kwargs)),
    )
    return handed


def test_it_rings_for_rows_that_nobody_heard_of(client, acme, carla, rung):
    push(client, dm_received(acme, carla))
    assert sweep()
    assert rung == [("twitter_sync.apply", {})]


def test_it_wakes_more_workers_for_a_backlog(acme, rung):
    RawEvent.objects.bulk_create(
        [RawEvent(source="poll", fact=f"x{n}", body=b"{}") for n in range(2 * ROWS_PER_RING + 1)]
    )
    sweep()
    assert rung == [("twitter_sync.apply", {})] * 3


def test_it_rings_for_look_ups_and_for_the_outbox(acme, carla, rung):
    KnownPost.objects.create(post_id=next_x_id(), look_up_at=timezone.now())
    thread = make_thread(make_conversation(acme, carla))
    queued = {"state": "queued", "external_id": None, "not_before": timezone.now()}
    make_message(thread, "On its way.", ours=True, **queued)
    sweep()
    assert ("twitter_sync.look_up", {}) in rung
    assert ("twitter_sync.send", {"conversation_id": thread.conversation_id}) in rung


def test_it_is_silent_when_nothing_is_due(client, acme, carla, rung):
    push(client, dm_received(acme, carla))
    RawEvent.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    sweep()
    assert rung == []


def test_of_two_sweepers_one_sweeps(rung):
    with somebody_does("twitter_sync.sweep"):
        assert not sweep()
    assert sweep()


@pytest.mark.django_db(transaction=True)
def test_it_holds_nothing_while_it_rings(acme, carla, monkeypatch):
    """A broker that is slow must not keep rows or conversations locked."""
    held: list[bool] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda *_, **__: held.append(connection.in_atomic_block)
    )
    RawEvent.objects.create(source="poll", fact="x", body=b"{}")
    KnownPost.objects.create(post_id=next_x_id(), look_up_at=timezone.now())
    lost, waits = (make_thread(make_conversation(acme, one)) for one in (carla, make_contact()))
    sending = {"state": "sending", "external_id": None}
    message = make_message(lost, "Half way.", ours=True, **sending)
    SendAttempt.objects.create(message=message, lease_until=timezone.now() - timedelta(seconds=1))
    queued = {"state": "queued", "external_id": None, "not_before": timezone.now()}
    make_message(waits, "On its way.", ours=True, **queued)
    sweep()
    message.refresh_from_db()
    assert message.state == "uncertain"
    assert len(held) >= 3
    assert not any(held)


# The tasks


@pytest.mark.parametrize("name", ["apply", "look_up", "poll_due", "sweep"])
def test_each_task_runs_any_number_of_times(acme, rung, name):
    for _ in range(3):
        getattr(tasks, name)()


def test_tasks_take_what_a_later_version_may_add(acme):
    tasks.apply(since="2027")
    tasks.poll(cursor_id=0, since="2027")
    tasks.sweep(since="2027")


def test_every_scheduled_task_exists(settings):
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
