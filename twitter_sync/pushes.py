"""Whether X tells by itself what happens, and how often it has to be asked all the same.

A way in is proven by what is known now, not by what was once set up: the webhook by X's own word
within minutes, the stream by a line within seconds. Doubted is a handle of which polling found, a
while ago, what a push should have brought.
"""

from __future__ import annotations

from datetime import timedelta

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.models import MissedPush, StreamLease, Subscription, SyncCursor, Webhook

# X is asked every minute whether it pushes to us.
PROVEN_FOR = timedelta(minutes=5)
DOUBTED_FOR = timedelta(minutes=30)
# As often as X's fifteen DM reads in a quarter of an hour allow, less what agents may need.
WITHOUT_PUSHES = timedelta(seconds=75)
ONE_WAY, BOTH_WAYS = timedelta(minutes=2), timedelta(minutes=5)

Feed = SyncCursor.Feed
# What must be subscribed to for a feed to be told.
TOLD_BY = {
    Feed.DMS: {"dm.received", "dm.sent"},
    Feed.MENTIONS: {"post.mention.create", "post.reply.create"},
    Feed.OWN_POSTS: {"post.create"},
}


def pause(brand: BrandAccount, feed: Feed) -> timedelta:
    """Until a feed is polled again."""
    return (WITHOUT_PUSHES, ONE_WAY, BOTH_WAYS)[ways_in(brand, feed)]


def ways_in(brand: BrandAccount, feed: Feed) -> int:
    """How many ways, of two, are sure to bring what happens in a feed."""
    if not is_told(brand, feed) or is_doubted(brand):
        return 0
    return webhook_is_proven() + stream_is_heard()


def webhook_is_proven() -> bool:
    lately = clock.now() - PROVEN_FOR
    return Webhook.objects.filter(is_valid=True, proven_at__gt=lately).exists()


def stream_is_heard() -> bool:
    stream = StreamLease.objects.filter(name=StreamLease.Name.ACTIVITY).first()
    return stream is not None and stream.is_heard


def is_told(brand: BrandAccount, feed: Feed) -> bool:
    active = Subscription.objects.active().filter(brand=brand, event_type__in=TOLD_BY[feed])
    return active.count() == len(TOLD_BY[feed])


def is_doubted(brand: BrandAccount) -> bool:
    lately = clock.now() - DOUBTED_FOR
    return MissedPush.objects.certain().filter(brand=brand, found_at__gt=lately).exists()
