"""How far the past of a handle is fetched and sorted, as its page shows it. Rows in, words out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import clock
from accounts.models import BrandAccount
from inbox.actions.history import oldest_owed
from twitter_sync.actions.backfilling import MOST_POSTS
from twitter_sync.feeds import DM_REACH, Feed
from twitter_sync.models import Backfill, SyncCursor, SyncGap


@dataclass(frozen=True, slots=True)
class FeedProgress:
    """`value` of `most` is the bar; `resumes_at` is set while X's quota is used up."""

    feed: str
    label: str
    fetched: int
    value: int
    most: int
    is_done: bool
    is_given_up: bool
    reached_at: datetime | None
    resumes_at: datetime | None
    failure: str

    @property
    def is_of_days(self) -> bool:
        """X doesn't say how many direct messages there are: days are the measure."""
        return self.feed == Feed.DMS

    @property
    def percent(self) -> int:
        return 100 * self.value // self.most


@dataclass(frozen=True, slots=True)
class Progress:
    """`unsorted` rows are kept and in no conversation yet. `complete_to` is up to when nothing is
    missing that X still shows. What is older than `oldest_owed` arrives as resolved. `behind` is
    what is still to be asked for news: feeds, and gaps in them."""

    feeds: list[FeedProgress]
    unsorted: int
    complete_to: datetime | None
    oldest_owed: datetime | None
    behind: list[SyncCursor | SyncGap]

    @property
    def is_behind(self) -> bool:
        """News may be missing: nobody can say that all is there."""
        return bool(self.behind)

    @property
    def catches_up_at(self) -> datetime | None:
        """When X gives the news that is missing; None while it does, or nothing is missing."""
        waiting = [one.due_at for one in self.behind if is_waiting(one)]
        return max(waiting) if waiting and len(waiting) == len(self.behind) else None

    @property
    def fetched(self) -> int:
        return sum(feed.fetched for feed in self.feeds)

    @property
    def sorted(self) -> int:
        return max(0, self.fetched - self.unsorted)

    @property
    def is_fetched(self) -> bool:
        """Nothing more comes by itself."""
        return all(feed.is_done or feed.is_given_up for feed in self.feeds)

    @property
    def is_given_up(self) -> bool:
        """X refused some of it for good, unless somebody asks once more."""
        return any(feed.is_given_up for feed in self.feeds)

    @property
    def is_at_work(self) -> bool:
        return not self.is_fetched or self.unsorted > 0 or self.is_behind

    @property
    def resumes_at(self) -> datetime | None:
        """When X gives anything again; None while it does, and when all is there."""
        waiting = [
            feed.resumes_at for feed in self.feeds if not feed.is_done and not feed.is_given_up
        ]
        if not waiting or None in waiting:
            return None
        return min(moment for moment in waiting if moment)


def progress_of(
    brand: BrandAccount, cursors: list[SyncCursor], gaps: list[SyncGap], unsorted: int
) -> Progress:
    """`cursors` with their backfills, in the order in which they are shown; `gaps` are all that
    are not healed."""
    known = [(cursor, getattr(cursor, "backfill", None)) for cursor in cursors]
    feeds = [of_feed(cursor, backfill) for cursor, backfill in known if has_past(cursor, backfill)]
    asked_for = [gap for gap in gaps if gap.is_asked_for]
    return Progress(
        feeds=feeds,
        unsorted=unsorted,
        complete_to=complete_to(cursors, asked_for),
        oldest_owed=oldest_owed(brand),
        # Before its first page a feed is told of among `feeds`.
        behind=[
            *(cursor for cursor in cursors if cursor.polled_at and cursor.is_behind),
            *asked_for,
        ],
    )


def complete_to(cursors: list[SyncCursor], gaps: list[SyncGap]) -> datetime | None:
    """Until when every feed is held whole; None while one was never asked for."""
    moments = [cursor.complete_to for cursor in cursors]
    told = [moment for moment in moments if moment]
    if not told or len(told) < len(moments):
        return None
    return min([*told, *(gap.begins_at for gap in gaps)])


def is_waiting(one: SyncCursor | SyncGap) -> bool:
    return one.is_limited and one.due_at > clock.now()


def has_past(cursor: SyncCursor, backfill: Backfill | None) -> bool:
    """A feed that was polled before there were backfills has none to show."""
    return backfill is not None or (not cursor.newest_id and cursor.polled_at is None)


def of_feed(cursor: SyncCursor, backfill: Backfill | None) -> FeedProgress:
    """Before its first page a feed tells by its cursor whether it waits."""
    waiting = backfill or cursor
    value, most = measured(Feed(cursor.feed), backfill)
    return FeedProgress(
        feed=cursor.feed,
        label=cursor.get_feed_display(),
        fetched=backfill.fetched if backfill else 0,
        value=value,
        most=most,
        is_done=backfill is not None and backfill.is_done,
        is_given_up=backfill is not None and backfill.is_given_up,
        reached_at=backfill.reached_at if backfill else None,
        resumes_at=waiting.due_at if waiting.is_limited else None,
        failure=waiting.failure,
    )


def measured(feed: Feed, backfill: Backfill | None) -> tuple[int, int]:
    """How much of how much: hours of thirty days for messages, posts of at most 800."""
    most = DM_REACH // timedelta(hours=1) if feed == Feed.DMS else MOST_POSTS
    if backfill is None:
        return 0, most
    if backfill.is_done:
        return most, most
    if feed != Feed.DMS:
        return backfill.fetched, most
    reached = backfill.reached_at or backfill.began_at
    return min(most, max(0, (backfill.began_at - reached) // timedelta(hours=1))), most
