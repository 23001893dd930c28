"""Looking on X for what it did not confirm (trust R7): where its echo has not settled it, the feed
in which it would stand is read, twice. After that the agent decides (`inbox.actions.replies`)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync.actions import polling
from twitter_sync.feeds import FEED_OF
from twitter_sync.models import SyncCursor

# After the message was handed over: when its echo had its time, and two minutes later, for X may
# list late what it took.
LOOKS = (timedelta(seconds=30), timedelta(seconds=150))


def look(now: datetime | None = None) -> int:
    """Has X asked for every feed that was not read since a look was due. Returns how many."""
    wanted = Q(pk=None)
    for (brand_id, kind), since in looks_due(now or clock.now()).items():
        unread = Q(polled_at=None) | Q(polled_at__lt=since)
        wanted |= Q(brand=brand_id, feed=FEED_OF[kind]) & unread
    feeds = SyncCursor.objects.filter(wanted, due_at__gt=Now(), is_limited=False)
    number = feeds.count()
    polling.ask_at_once(feeds)
    return number


def looks_due(now: datetime) -> dict[tuple[int, str], datetime]:
    """Of a handle and kind: when the latest look was due. Its feed must have been read since."""
    doubted = Message.objects.filter(
        state=Message.State.UNCERTAIN,
        uncertain_since__gt=now - polling.LOOKED_FOR,
        brand__status__in=BrandAccount.LISTENING,
    ).order_by()
    due: dict[tuple[int, str], datetime] = defaultdict(lambda: now - polling.LOOKED_FOR)
    for brand_id, kind, since in doubted.values_list("brand", "kind", "uncertain_since"):
        passed = [since + after for after in LOOKS if since and since + after <= now]
        if passed:
            due[brand_id, kind] = max(due[brand_id, kind], *passed)
    return due
