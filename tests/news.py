"""Hearing what the product announces: the real Redis channel, read as a browser's stream is fed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from django.conf import settings

from inbox import live


@contextmanager
def heard() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """`with heard() as news: …; news()` → what was announced since, in order."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    pubsub = client.pubsub()
    pubsub.subscribe(live.CHANNEL)
    # Until Redis says so, what is announced may be heard by nobody: the marker below too.
    assert pubsub.get_message(timeout=60)["type"] == "subscribe"

    def news() -> list[dict[str, Any]]:
        found = []
        marker = live.now_us()
        client.publish(live.CHANNEL, json.dumps({"marker": marker}))
        while True:
            message = pubsub.get_message(timeout=5)
            if message is None:
                continue
            told = json.loads(message["data"])
            if told.get("marker") == marker:
                return found
            found.append(told)

    try:
        yield news
    finally:
        pubsub.close()
        client.close()
