"""Whose turn it is to read a stream of X: one worker's, by a row with a lease and a growing token.

The row of a worker that died runs out; one that was asleep for longer than its lease writes nothing
there (trust C8). Two may read for a moment, while one hands over to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from accounts import clock
from twitter_sync.actions.hearing import Listener
from twitter_sync.models import StreamLease

# A turn with all that may come after it is over before Celery gives the task to somebody else
# (visibility_timeout, trust R11).
READ_FOR = timedelta(seconds=150)
# So long the next worker may take to hear its first line before this one hangs up all the same.
OVERLAP = timedelta(seconds=60)
# What X sent before the next worker heard anything may reach this one so much later. A sign of life
# shows sooner that nothing is left: X gives it after silence.
ON_ITS_WAY, AFTER_SILENCE = timedelta(seconds=10), timedelta(seconds=1)
# Longer than X is silent while all is well, and than any wait with the lease in hand.
LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=5)
# Beyond all of that; less than the queue's patience with a task.
TIME_LIMIT_SECONDS = 290


@dataclass(slots=True)
class Turn:
    """A worker's time with the stream, by a clock that never jumps. `relieved_at` is when the next
    one was heard to read."""

    listener: Listener
    lease: StreamLease
    is_connected: bool
    ends_at: float = field(default_factory=lambda: monotonic() + READ_FOR.total_seconds())
    renews_at: float = 0.0
    relieved_at: float | None = None
    was_told: bool = False
    has_rung: bool = False

    @property
    def is_lonely(self) -> bool:
        """Nobody else may read beside this worker."""
        return self.listener.most_open < 2

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.ends_at

    def is_done(self, line: bytes) -> bool:
        """The next worker reads, and nothing of before is left for this one; or it never came."""
        if self.is_lonely:
            return self.is_over
        if self.relieved_at is None:
            return monotonic() >= self.ends_at + OVERLAP.total_seconds()
        left = ON_ITS_WAY if line else AFTER_SILENCE
        return monotonic() >= self.relieved_at + left.total_seconds()


@transaction.atomic
def take(listener: Listener, lease_id: int, predecessor: int = 0) -> Turn | None:
    """None when somebody else reads, or X may not be asked yet. From a `predecessor` it is taken by
    who is connected already."""
    rows = StreamLease.objects.select_for_update().filter(pk=lease_id, due_at__lte=Now())
    lease = rows.annotate(is_held=Q(leased_until__gt=Now())).first()
    if lease is None or lease.is_held != bool(predecessor):
        return None
    if predecessor and predecessor != lease.token:
        return None
    lease.token += 1
    rows.update(
        token=lease.token,
        leased_until=Now() + LEASE,
        connected_at=Now() if predecessor else None,
    )
    return Turn(listener, lease, is_connected=bool(predecessor))


def mine(turn: Turn) -> QuerySet[StreamLease]:
    """The row, while it is ours to write."""
    return StreamLease.objects.filter(pk=turn.lease.pk, token=turn.lease.token)


def renew(turn: Turn) -> None:
    """Says that the stream is alive; where it is another worker's turn, looks whether that one
    hears anything yet: until then this one goes on."""
    heard: dict[str, Any] = {"heard_at": Now(), "leased_until": Now() + LEASE}
    if turn.was_told:
        heard["told_at"] = Now()
    turn.renews_at, turn.was_told = monotonic() + RENEW_EVERY.total_seconds(), False
    turn.lease.heard_at, turn.lease.failures = clock.now(), 0
    is_mine = mine(turn).update(**heard, failures=0, failure="")
    if not is_mine and turn.relieved_at is None and is_next_heard(turn):
        turn.relieved_at = monotonic()


def is_next_heard(turn: Turn) -> bool:
    return StreamLease.objects.filter(pk=turn.lease.pk, heard_at__gt=F("connected_at")).exists()
