"""How complete it is what we hold of a handle, as its page says it: rows in, words in the template.

Complete up to a moment, but for gaps; and what polling found that X should have pushed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count, Max, Min, OuterRef, QuerySet

from accounts import clock
from inbox.channel import Hole
from twitter_sync.models import ConversationSearch, MissedPush, SyncGap

# What was found longer ago is no news any more, and what was lost longer ago can't be helped.
FOUND_LATELY = timedelta(hours=24)
LOST_LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Missed:
    """So many messages that X should have pushed were found, from the first to the last moment."""

    count: int
    first_at: datetime
    last_at: datetime

    @property
    def is_at_once(self) -> bool:
        """All within one minute of the clock."""
        return self.first_at.replace(second=0, microsecond=0) == self.last_at.replace(
            second=0, microsecond=0
        )


@dataclass(frozen=True, slots=True)
class Completeness:
    """`complete_to` is None while a feed was never asked for. `gaps` are being healed or lost.
    `checks_since` is the oldest check of the public posts that are shown, None before the first.
    """

    complete_to: datetime | None
    missed: Missed | None
    gaps: list[SyncGap]
    checks_since: datetime | None = None


def oldest_check(brand: OuterRef) -> QuerySet[ConversationSearch, datetime | None]:
    """Since when every public post that is shown was asked for again at least once."""
    rows = ConversationSearch.objects.filter(brand=brand, check_at__isnull=False)
    checked = rows.exclude(checked_at=None).order_by("checked_at")
    return checked.values_list("checked_at", flat=True)[:1]


def missed_lately(brand_ids: Collection[int]) -> dict[int, Missed]:
    """By brand; those that missed nothing are left out."""
    since = clock.now() - FOUND_LATELY
    rows = MissedPush.objects.certain().filter(brand__in=brand_ids, found_at__gt=since)
    counted = (
        rows.order_by().values_list("brand").annotate(Count("pk"), Min("found_at"), Max("found_at"))
    )
    return {brand_id: Missed(*told) for brand_id, *told in counted}


def worth_telling() -> QuerySet[SyncGap]:
    """Gaps that are being healed, and what was lost lately, the oldest first."""
    lost = SyncGap.objects.lost().filter(given_up_at__gt=clock.now() - LOST_LATELY)
    return (SyncGap.objects.healing() | lost).order_by("begins_at", "pk")


# The feeds that bring what is said in threads of a kind. What is only pushed is no saying.
KINDS: dict[str, Literal["dm", "public"]] = {
    SyncGap.Feed.DMS: "dm",
    SyncGap.Feed.MENTIONS: "public",
    SyncGap.Feed.OWN_POSTS: "public",
}


def holes(brand_id: int, kinds: Collection[str], *, since: datetime, until: datetime) -> list[Hole]:
    """See `inbox.channel.Channel`."""
    feeds = [feed for feed, kind in KINDS.items() if kind in kinds]
    gaps = SyncGap.objects.unhealed().filter(
        brand=brand_id, feed__in=feeds, begins_at__lt=until, ends_at__gt=since
    )
    return [
        Hole(KINDS[gap.feed], gap.begins_at, gap.reached_at or gap.ends_at, gap.is_given_up)
        for gap in gaps.order_by("begins_at", "pk")
    ]
