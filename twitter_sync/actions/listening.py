"""Hearing X's stream of activities: the second way in, beside the webhook.

One worker reads for some minutes, then rings for the next, which connects before the first hangs
up: X allows two such streams. A row says whose turn it is; the row of a worker that died runs out.
Each line is kept like a delivery of the webhook, and one that came both ways is one fact. How long
to wait before another try is X's to say (`backoff.before_stream`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from twitter_sync.actions import polling, recovering
from twitter_sync.actions.recording import record_delivery
from twitter_sync.backoff import before_stream
from twitter_sync.budgets import Purpose
from twitter_sync.calls.activity import MOST_BACKFILL_MINUTES
from twitter_sync.client import Client
from twitter_sync.errors import Forbidden, Refused, XError
from twitter_sync.models import RawEvent, StreamLease, Subscription
from twitter_sync.streaming import Stream

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
# A longer wait is left to the row.
LONGEST_WAIT = timedelta(seconds=16)
ONE_MINUTE = timedelta(minutes=1)
# More make no wait longer.
MOST_FAILURES = 1_000

Name = StreamLease.Name
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Turn:
    """A worker's time with the stream, by a clock that never jumps. `relieved_at` is when the next
    one was heard to read."""

    lease: StreamLease
    is_connected: bool
    ends_at: float = field(default_factory=lambda: monotonic() + READ_FOR.total_seconds())
    renews_at: float = 0.0
    relieved_at: float | None = None
    was_told: bool = False
    has_rung: bool = False

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.ends_at

    def is_done(self, line: bytes) -> bool:
        """The next worker reads, and nothing of before is left for this one; or it never came."""
        if self.relieved_at is None:
            return monotonic() >= self.ends_at + OVERLAP.total_seconds()
        left = ON_ITS_WAY if line else AFTER_SILENCE
        return monotonic() >= self.relieved_at + left.total_seconds()


def is_wanted() -> bool:
    """Somebody's news is subscribed to, and the setting says yes."""
    listening = BrandAccount.objects.listening()
    return settings.X_STREAM and Subscription.objects.active().filter(brand__in=listening).exists()


def sweep() -> None:
    """Rings for a stream that nobody reads, when it may be opened."""
    if not is_wanted():
        return
    StreamLease.objects.get_or_create(name=Name.ACTIVITY)
    if StreamLease.objects.filter(leased_until__lte=Now(), due_at__lte=Now()).exists():
        ring_now("twitter_sync.listen", queue="stream")


def listen(predecessor: int = 0) -> None:
    """Reads until the next worker has taken over, for some minutes at most. `predecessor` is the
    token of who hands over; 0 takes what nobody holds."""
    if stopping.is_set() or not is_wanted():
        return
    if predecessor:
        relieve(predecessor)
    elif turn := take():
        work(turn)


def relieve(predecessor: int) -> None:
    """Connects before the turn is taken: where X refuses, the one before simply reads on."""
    try:
        stream = Client.for_app(purpose=Purpose.POLL).activity_stream()
    except XError as error:
        log.warning("not relieved", holder=predecessor, error=str(error))
        return
    with stream:
        if turn := take(predecessor):
            work(turn, stream)


def work(turn: Turn, stream: Stream | None = None) -> None:
    """With a `stream` that is open already, or one after another."""
    while not stopping.is_set():
        try:
            with known(stream or connect(turn)) as stream:
                read(stream, turn)
        except XError as error:
            if not goes_on(turn, error):
                return
            stream = None
        else:
            break
    leave(turn)


# Whose turn it is


@transaction.atomic
def take(predecessor: int = 0) -> Turn | None:
    """None when somebody else reads, or X may not be asked yet. From a `predecessor` it is taken by
    who is connected already."""
    rows = StreamLease.objects.select_for_update().filter(name=Name.ACTIVITY, due_at__lte=Now())
    lease = rows.annotate(is_held=Q(leased_until__gt=Now())).first()
    if lease is None or lease.is_held != bool(predecessor):
        return None
    if predecessor and predecessor != lease.token:
        return None
    lease.token += 1
    rows.filter(pk=lease.pk).update(
        token=lease.token,
        leased_until=Now() + LEASE,
        connected_at=Now() if predecessor else None,
    )
    return Turn(lease, is_connected=bool(predecessor))


def mine(turn: Turn) -> QuerySet[StreamLease]:
    """The row, while it is ours to write."""
    return StreamLease.objects.filter(pk=turn.lease.pk, token=turn.lease.token)


def leave(turn: Turn) -> None:
    """Whoever comes may read at once; a worker that is asked to end rings for another."""
    if mine(turn).update(leased_until=Now()):
        ring_now("twitter_sync.listen", queue="stream", after=int(stopping.is_set()))


# One connection


@contextmanager
def known(stream: Stream) -> Iterator[Stream]:
    """`stop` can end it while it is open."""
    _open.add(stream)
    try:
        with stream:
            yield stream
    finally:
        _open.discard(stream)


def connect(turn: Turn) -> Stream:
    """With what was missed since the last line, as far as X repeats it. Raises XError."""
    client, minutes = Client.for_app(purpose=Purpose.POLL), backfill_minutes(turn.lease)
    try:
        stream = client.activity_stream(backfill_minutes=minutes)
    except Refused as refusal:
        if not minutes or type(refusal) not in (Refused, Forbidden):
            raise
        mine(turn).update(has_backfill=False)
        turn.lease.has_backfill, minutes = False, 0
        stream = client.activity_stream()
    note_connected(turn, minutes)
    return stream


def backfill_minutes(lease: StreamLease) -> int:
    if lease.heard_at is None or not lease.has_backfill:
        return 0
    return min(MOST_BACKFILL_MINUTES, ceil((timezone.now() - lease.heard_at) / ONE_MINUTE))


def note_connected(turn: Turn, minutes: int) -> None:
    """So much is repeated. When that is not all that was missed, a new time without gaps begins."""
    now, lease = timezone.now(), turn.lease
    is_whole = lease.heard_at is not None and now - minutes * ONE_MINUTE <= lease.heard_at
    if lease.unbroken_since is None or not minutes or not is_whole:
        lease.unbroken_since = now
        if lease.heard_at is not None:
            recovering.note_silence(lease.heard_at)
    mine(turn).update(
        connected_at=Now(), unbroken_since=lease.unbroken_since, leased_until=Now() + LEASE
    )
    turn.is_connected, turn.renews_at = True, 0.0
    log.info("stream opened", holder=lease.token, minutes_repeated=minutes)


def read(stream: Stream, turn: Turn) -> None:
    """Every line into the ledger. Returns when the next worker reads, or was waited for in vain, or
    when this one must end. Raises StreamEnded."""
    if stopping.is_set():
        return
    for line in stream:
        if line:
            record_delivery(line, RawEvent.Source.STREAM)
            turn.was_told = True
        if monotonic() >= turn.renews_at:
            renew(turn)
        if turn.is_over and not turn.has_rung:
            turn.has_rung = True
            ring_now("twitter_sync.listen", queue="stream", predecessor=turn.lease.token)
        if turn.is_done(line):
            return


def renew(turn: Turn) -> None:
    """Says that the stream is alive; where it is another worker's turn, looks whether that one
    hears anything yet: until then this one goes on."""
    heard: dict[str, Any] = {"heard_at": Now(), "leased_until": Now() + LEASE}
    if turn.was_told:
        heard["told_at"] = Now()
    turn.renews_at, turn.was_told = monotonic() + RENEW_EVERY.total_seconds(), False
    turn.lease.heard_at, turn.lease.failures = timezone.now(), 0
    is_mine = mine(turn).update(**heard, failures=0, failure="")
    if not is_mine and turn.relieved_at is None and is_next_heard(turn):
        turn.relieved_at = monotonic()


def is_next_heard(turn: Turn) -> bool:
    return StreamLease.objects.filter(pk=turn.lease.pk, heard_at__gt=F("connected_at")).exists()


# Ends


def goes_on(turn: Turn, error: XError) -> bool:
    """Waits as X asks, with the lease in hand when that is short. False when it is left to the row,
    and when it is another worker's turn."""
    lease = turn.lease
    lease.failures = min(lease.failures + 1, MOST_FAILURES)
    wait = before_stream(error, lease.failures)
    log.warning("no stream", error=str(error), failures=lease.failures, wait=str(wait))
    if turn.is_connected:
        turn.is_connected = False
        polling.hurry()
    is_short = wait <= LONGEST_WAIT and not turn.is_over
    then = {"leased_until": Now() + LEASE} if is_short else {"leased_until": Now()}
    told = {"failures": lease.failures, "failure": error.reason[:300], "connected_at": None}
    is_mine = mine(turn).update(due_at=Now() + wait, **then, **told)
    if not is_mine or not is_short:
        return False
    stopping.wait(wait.total_seconds())
    return True


# From outside

stopping = threading.Event()
_open: set[Stream] = set()


def stop() -> None:
    """The worker is asked to end: its streams are hung up, and left to others."""
    stopping.set()
    for stream in list(_open):
        stream.hang_up()
