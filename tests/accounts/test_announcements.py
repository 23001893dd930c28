from __future__ import annotations

import json
import multiprocessing

import redis
from django.db import transaction

from accounts import announcements


def test_it_waits_for_the_commit(ana, heard):
    with heard() as people, transaction.atomic():
        announcements.access_changed(ana)
        assert people == []
    assert people == [ana.pk]


def test_a_redis_that_is_down_is_no_error(ana, monkeypatch, django_capture_on_commit_callbacks):
    gone = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(announcements, "publisher", lambda: gone)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        announcements.access_changed(ana)
    assert len(callbacks) == 1


def test_a_forked_worker_publishes_on_a_line_of_its_own():
    """Two processes on one socket would take each other's answers."""
    announcements.publish("handled:test-fork", {})  # the line of the parent is open
    with announcements.publisher().pubsub() as line:
        line.subscribe("handled:test-fork")
        assert line.get_message(timeout=60)["type"] == "subscribe"

        child = multiprocessing.get_context("fork").Process(target=publish_many, args=("child",))
        child.start()
        publish_many("parent")
        child.join(60)

        assert child.exitcode == 0
        heard = [json.loads(line.get_message(timeout=60)["data"]) for _ in range(400)]
    for who in ("parent", "child"):
        assert [news["number"] for news in heard if news["from"] == who] == [*range(200)]


def publish_many(who: str) -> None:
    for number in range(200):
        announcements.publish("handled:test-fork", {"from": who, "number": number})
