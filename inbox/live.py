"""The news of the desk: ids and versions to every browser that may see them, never text.

This module alone touches Redis pub/sub. `config/live_asgi.py` carries the news to browsers.
"""

from __future__ import annotations

import json
import time
from functools import cache
from typing import TYPE_CHECKING

import redis
import structlog
from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from inbox.models import Conversation

CHANNEL = "handled:news"
log = structlog.get_logger(__name__)


@cache
def publisher() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def now_us() -> int:
    return time.time_ns() // 1000


def announce(conversation: Conversation, what: str) -> None:
    """Tells every desk that may see `conversation` that it changed, once that is committed.

    `what` is message, status, assignment, note, send or contact.
    """
    news = {
        "id": conversation.pk,
        "version": conversation.version,
        "brand": conversation.brand_id,
        "what": what,
    }
    transaction.on_commit(lambda: publish(news))


def publish(news: dict[str, object]) -> None:
    """Redis being down loses news, not facts: browsers then poll for what changed."""
    try:
        publisher().publish(CHANNEL, json.dumps(news | {"at": now_us()}))
    except redis.RedisError as error:
        log.warning("news unheard", error=type(error).__name__, conversation=news["id"])
