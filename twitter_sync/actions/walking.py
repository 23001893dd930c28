"""What all walks down X's pages have in common: whose turn it is, and what happens when X gives no
page. `backfilling` walks through the past, `healing` through gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import OutOfCredits, RateLimited, Refused, TokenRejected, XError
from twitter_sync.models.walk import Walk

# A worker gives way after so many, each a call of up to 15 s, well before its task is ended
# (CELERY_TASK_TIME_LIMIT); the rest follows at once.
PAGES_AT_ONCE = 6
# For one page: a call, a token renewed and the call again. Then another worker may go on: one that
# died holds nothing up for long, one that is only slow finds its page kept.
LEASE = timedelta(seconds=45)
# When X gave no page, for whatever reason but its quota.
TRY_AGAIN_AFTER = timedelta(seconds=75)
# A walk begins again at the top when X no longer knows its page; so often in all, then it ends.
MOST_REFUSALS = 5
# These say nothing of the page that was asked for, and pass.
PASSING = (RateLimited, TokenRejected, OutOfCredits)

log = structlog.get_logger(__name__)
W = TypeVar("W", bound=Walk)


def claim(walks: QuerySet[W], walk_id: int) -> bool:
    """Ours for the time of the lease; False when it is not among `walks`, those that are due."""
    return bool(walks.filter(pk=walk_id).update(due_at=Now() + LEASE))


def walk_on(
    walk: W,
    brand: BrandAccount,
    *,
    purpose: Purpose,
    ask: Callable[[Client, W], Answer],
    keep: Callable[[W, Answer], tuple[W, int]],
) -> int:
    """Page by page until it is over, the worker's turn ends, or X gives no more for now. Returns
    how many items were new to the ledger.

    `keep` keeps a page in one transaction, and returns the row as it is then and how many were new.
    """
    found = 0
    try:
        client = Client.for_brand(brand, purpose=purpose)
        for _ in range(PAGES_AT_ONCE):
            walk, new = keep(walk, ask(client, walk))
            found += new
            if walk.is_over:
                return found
    except XError as error:
        put_off(walk, error)
    else:
        due(walk, clock.now())
        ring_for(walk)
    return found


def resume(walks: QuerySet[W]) -> None:
    """They are due, each of them."""
    for walk in walks:
        walks.filter(pk=walk.pk).update(due_at=Now(), is_limited=False)
        ring_for(walk)


def begin_anew(walks: QuerySet[W]) -> None:
    """From the top once more, as if X had refused nothing."""
    for walk in walks:
        walks.filter(pk=walk.pk).update(
            given_up_at=None, refusals=0, failure="", page_token="", fetched=0, due_at=Now()
        )
        ring_for(walk)


def ring_for(walk: Walk) -> None:
    ring(walk.TASK, queue="default", **{walk.ID: walk.pk})


def put_off(walk: Walk, error: XError) -> None:
    """X gave no page. A page that it no longer knows: the walk begins again at the top."""
    if isinstance(error, RateLimited):
        return due(walk, error.resets_at, is_limited=True)
    log.warning("no page", of=str(walk), row=walk.pk, error=str(error))
    if isinstance(error, Refused) and not isinstance(error, PASSING):
        count_refusal(walk)
    if walk.page_token and type(error) is Refused:
        walk.page_token, walk.fetched = "", 0
    due(walk, clock.now() + TRY_AGAIN_AFTER, failure=error.reason[:300])


def count_refusal(walk: Walk) -> None:
    """Pages above it that X still gives don't make up for it: they are given every time."""
    walk.refusals += 1
    if walk.refusals >= MOST_REFUSALS:
        walk.given_up_at = clock.now()


def due(walk: Walk, at: datetime, *, is_limited: bool = False, failure: str = "") -> None:
    walk.due_at, walk.is_limited, walk.failure = at, is_limited, failure
    walk.save(
        update_fields=[
            "due_at",
            "is_limited",
            "failure",
            "page_token",
            "fetched",
            "refusals",
            "given_up_at",
        ]
    )
