from __future__ import annotations

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
