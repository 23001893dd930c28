"""What X lets a handle call in its windows, and what of that is left: rows in, words out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts import clock
from accounts.models import BrandAccount
from inbox import channel
from inbox.channel import Allowance
from twitter_sync.budgets import APP, SPANS, Window, user_scope, windows
from twitter_sync.models import RateBudget

# What admins may want to know of; the rest is setting up and looking after.
WORDS = {
    "dm_send": "Direct messages sent",
    "post_create": "Public replies and posts",
    "dm_events": "Looks at direct messages",
    "mentions": "Looks at mentions",
    "own_posts": "Looks at own posts",
    "search": "Searches for more of a thread",
    "posts": "Looks at single posts",
    "users": "Looks at profiles",
    "dm_block": "Blocks",
    "dm_unblock": "Unblocks",
    "post_hide": "Answers hidden and shown",
    "post_delete": "Posts deleted",
    "dm_delete": "Messages deleted",
}
SPAN_WORDS = {"15m": "in 15 minutes", "24h": "in a day"}
# What a reply of each kind is handed over with.
SENDS = {"dm": "dm_send", "public": "post_create"}


@dataclass(frozen=True, slots=True)
class Quota:
    """`is_shared` by all handles of the installation."""

    endpoint: str
    is_shared: bool
    span: str
    left: int
    allowed: int
    resets_at: datetime

    @property
    def words(self) -> str:
        return WORDS[self.endpoint]

    @property
    def is_used_up(self) -> bool:
        return self.left == 0


def quotas_of(brand: BrandAccount) -> list[Quota]:
    """Windows that are open now, in the order of WORDS; where X was not called there is none."""
    scopes = [user_scope(brand.x_user_id), APP]
    rows = RateBudget.objects.filter(
        scope__in=scopes, endpoint__in=WORDS, resets_at__gt=clock.now()
    )
    order = list(WORDS)
    return sorted(
        (quota_of(row) for row in rows),
        key=lambda quota: (order.index(quota.endpoint), quota.is_shared, quota.span),
    )


def quota_of(row: RateBudget) -> Quota:
    return Quota(
        row.endpoint,
        row.scope == APP,
        SPAN_WORDS[row.window],
        row.remaining,
        row.allowed,
        row.resets_at,
    )


def to_send(brand: BrandAccount, kinds: Collection[str]) -> dict[str, channel.Quota]:
    """What is left of a handle's windows for replies of these kinds. One query."""
    scope, endpoints = user_scope(brand.x_user_id), [SENDS[kind] for kind in kinds]
    rows = RateBudget.objects.filter(scope__in=[scope, APP], endpoint__in=endpoints)
    held = {(row.endpoint, row.scope, row.window): row for row in rows}
    return {kind: channel.Quota(allowances(scope, SENDS[kind], held)) for kind in kinds}


def allowances(
    scope: str, endpoint: str, held: dict[tuple[str, str, str], RateBudget]
) -> list[Allowance]:
    """The windows that X documents, and days of which only its headers told."""
    known = {(one.scope, one.span): one for one in windows(scope, endpoint)}
    for name, holder, span in held:
        if known and name == endpoint and (holder, span) not in known and span == "24h":
            row = held[name, holder, span]
            known[holder, span] = Window(holder, endpoint, span, row.allowed)
    found = [allowance(one, held.get((endpoint, one.scope, one.span))) for one in known.values()]
    return sorted(found, key=lambda one: (one.length, one.is_shared))


def allowance(window: Window, row: RateBudget | None) -> Allowance:
    """Of a window that was never begun, or is over, all is left."""
    length, now, is_shared = SPANS[window.span], clock.now(), window.scope == APP
    if row is None:
        return Allowance(length, window.allowed, window.allowed, now + length, is_shared)
    if row.resets_at <= now:
        return Allowance(length, row.allowed, row.allowed, now + length, is_shared)
    return Allowance(length, row.allowed, row.remaining, row.resets_at, is_shared)
