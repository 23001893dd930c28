"""The streams of X that workers listen to: when each is wanted, how it is opened, what becomes of a
line, and what is done when lines may have been missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import BrandAccount
from twitter_sync.actions import polling, recovering
from twitter_sync.actions.recording import record_delivery, record_found
from twitter_sync.client import Client
from twitter_sync.models import RawEvent, StreamLease, StreamRule, Subscription
from twitter_sync.streaming import Stream

Name = StreamLease.Name


@dataclass(frozen=True, slots=True)
class Listener:
    """How one stream is listened to. `open` takes how many minutes X shall repeat; X allows
    `most_open` such streams at once. `keep` gets each line, `note_broken` hears that it broke off,
    `note_missed` since when something was missed."""

    is_wanted: Callable[[], bool]
    open: Callable[[Client, int], Stream]
    keep: Callable[[bytes], object]
    most_open: int
    note_broken: Callable[[], object]
    note_missed: Callable[[datetime], object]


def are_activities_wanted() -> bool:
    """Somebody's news is subscribed to, and the setting says yes."""
    listening = BrandAccount.objects.listening()
    return settings.X_STREAM and Subscription.objects.active().filter(brand__in=listening).exists()


def are_posts_wanted() -> bool:
    """X refuses a stream without a rule."""
    return settings.X_STREAM and StreamRule.objects.active().exists()


def nothing(*_: object) -> None:
    """Of posts by keyword none is owed to anybody."""


LISTENERS: dict[str, Listener] = {
    Name.ACTIVITY: Listener(
        is_wanted=are_activities_wanted,
        open=lambda client, minutes: client.activity_stream(backfill_minutes=minutes),
        keep=lambda line: record_delivery(line, RawEvent.Source.STREAM),
        most_open=2,
        note_broken=polling.hurry,
        note_missed=recovering.note_silence,
    ),
    Name.POSTS: Listener(
        is_wanted=are_posts_wanted,
        open=lambda client, minutes: client.post_stream(backfill_minutes=minutes),
        keep=record_found,
        most_open=1,
        note_broken=nothing,
        note_missed=nothing,
    ),
}
