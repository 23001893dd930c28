"""Telling the live process what changed: the only module that publishes to Redis.

Pages ask the database every time; an open stream has to be told. `inbox.streams` listens.
"""

from __future__ import annotations

import json
from functools import cache

import redis
import structlog
from django.conf import settings
from django.db import transaction

from accounts.models import User

CHANNEL = "handled:access"
log = structlog.get_logger(__name__)


@cache
def publisher() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def access_changed(user: User) -> None:
    """Role, membership, password, sessions or being enabled changed: publish `{"user": id}`.

    Goes out once the transaction is committed. Streams check for themselves too, so a Redis that
    is down delays them and is no error.
    """
    transaction.on_commit(lambda: publish(CHANNEL, {"user": user.pk}))


def publish(channel: str, *news: dict[str, object]) -> None:
    """Ids alone, never text; however many, in one round trip. Redis being down loses news, not
    facts: it is logged, no error."""
    try:
        with publisher().pipeline(transaction=False) as line:
            for one in news:
                line.publish(channel, json.dumps(one))
            line.execute()
    except redis.RedisError as error:
        log.warning("news unheard", channel=channel, error=type(error).__name__, news=news)
