"""Posts that X found by a brand's keywords and that became nobody's message: what is shown of them,
and that they go after a day, since nobody looks after them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.models import KnownPost, RawEvent
from twitter_sync.models.raw_event import RawEventQuerySet

KEPT_FOR = timedelta(days=1)
AT_ONCE = 2_000
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """So many within a day, and the newest of them."""

    count: int
    newest: list[KnownPost]


def found(brand: BrandAccount) -> Found:
    rows = of_keywords().filter(brand=brand, received_at__gt=clock.now() - KEPT_FOR)
    ids = ids_of(rows.order_by("-id")[: 4 * MOST_SHOWN])
    posts = KnownPost.objects.seen().filter(pk__in=ids, is_protected=False)
    newest = sorted(posts, key=lambda post: int(post.post_id), reverse=True)
    return Found(rows.count(), newest[:MOST_SHOWN])


def forget() -> int:
    """What became nothing goes after a day, unless a conversation has grown around it. Returns how
    many rows."""
    old = of_keywords().filter(
        state=RawEvent.State.IGNORED, received_at__lte=clock.now() - KEPT_FOR
    )
    rows = list(old.order_by("id")[:AT_ONCE])
    KnownPost.objects.nobodys().filter(pk__in=ids_of(rows)).delete()
    RawEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def of_keywords() -> RawEventQuerySet:
    return RawEvent.objects.filter(source=RawEvent.Source.KEYWORD)


def ids_of(rows: Iterable[RawEvent]) -> list[str]:
    """X's ids: the last word of each fact."""
    return [row.fact.rpartition(":")[2] for row in rows]
