"""What X lets a handle call in its windows, and what of that is left: rows in, words out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import BrandAccount
from twitter_sync.budgets import APP, user_scope
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
SPANS = {"15m": "in 15 minutes", "24h": "in a day"}


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
        scope__in=scopes, endpoint__in=WORDS, resets_at__gt=timezone.now()
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
        SPANS[row.window],
        row.remaining,
        row.allowed,
        row.resets_at,
    )
