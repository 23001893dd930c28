"""How long before another try: of anything, and of X's streams."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from twitter_sync import backoff
from twitter_sync.errors import (
    Disconnected,
    NotSent,
    OutOfCredits,
    RateLimited,
    Stalled,
    StreamEnded,
    TooManyConnections,
    Unconfirmed,
)

NOW = timezone.now()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (StreamEnded(), [0, 0.5, 0.75, 1]),
        (Stalled(), [0, 0.5]),
        (Disconnected(problem="OperationalDisconnect"), [0, 0.5]),
        (NotSent(), [0.25, 0.5, 0.75]),
        (Unconfirmed(), [0.25, 0.5]),
        (Unconfirmed(status=503), [5, 10, 20, 40, 80, 160, 320, 320]),
        (OutOfCredits(status=402), [5, 10]),
        (RateLimited(status=429, resets_at=NOW), [60, 120, 240, 480, 960, 960]),
        (TooManyConnections(status=429, resets_at=NOW), [60, 120]),
        (Disconnected(problem="TooManyConnections"), [60, 120]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_stream_is_opened_again_as_x_asks(error, seconds):
    waits = [backoff.before_stream(error, failures) for failures in range(1, len(seconds) + 1)]
    assert waits == [timedelta(seconds=wait) for wait in seconds]


def test_a_network_that_stays_away_is_asked_every_16_seconds():
    assert backoff.before_stream(NotSent(), 10**9) == timedelta(seconds=16)
    assert backoff.before_stream(Unconfirmed(status=500), 10**9) == timedelta(seconds=320)


def test_a_quota_that_comes_back_later_is_waited_for():
    later = RateLimited(status=429, resets_at=timezone.now() + timedelta(minutes=14))
    assert backoff.before_stream(later, 1) > timedelta(minutes=13)


def test_anything_else_waits_longer_each_time_but_never_ten_minutes():
    for attempts in range(1, 40):
        assert timedelta(seconds=1) <= backoff.delay(attempts) <= timedelta(minutes=10)
