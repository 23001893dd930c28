"""Hearing X's streams: that of activities, the second way in beside the webhook, and that of posts
with a brand's keywords.

One worker reads for some minutes, then rings for the next. Of activities X allows two streams, so
the next one connects before the first hangs up; of posts one, so it connects after. A row says
whose turn it is; the row of a worker that died runs out. How long to wait before another try is X's
to say (`backoff.before_stream`). What becomes of a line says `hearing`.
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
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.doorbell import ring_now
from twitter_sync.actions.hearing import SOURCES, Source
from twitter_sync.backoff import before_stream
from twitter_sync.budgets import Purpose
from twitter_sync.calls.activity import MOST_BACKFILL_MINUTES
from twitter_sync.client import Client
from twitter_sync.errors import Forbidden, Refused, XError
from twitter_sync.models import StreamLease
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

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Turn:
    """A worker's time with the stream, by a clock that never jumps. `relieved_at` is when the next
    one was heard to read."""

    source: Source
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
        return self.source.most_open < 2

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


def sweep() -> None:
    """Rings for streams that nobody reads, when they may be opened."""
    for name, source in SOURCES.items():
        if source.is_wanted():
            StreamLease.objects.get_or_create(name=name)
            free = StreamLease.objects.filter(name=name, leased_until__lte=Now(), due_at__lte=Now())
            for lease_id in free.values_list("pk", flat=True):
                ring_now("twitter_sync.listen", queue="stream", lease_id=lease_id)


def listen(lease_id: int, predecessor: int = 0) -> None:
    """Reads until the next worker has taken over, for some minutes at most. `predecessor` is the
    token of who hands over; 0 takes what nobody holds."""
    lease = StreamLease.objects.filter(pk=lease_id).first()
    source = SOURCES.get(lease.name) if lease else None
    if source is None or stopping.is_set() or not source.is_wanted():
        return
    if predecessor:
        relieve(source, lease_id, predecessor)
    elif turn := take(source, lease_id):
        work(turn)


def relieve(source: Source, lease_id: int, predecessor: int) -> None:
    """Connects before the turn is taken: where X refuses, the one before simply reads on."""
    try:
        stream = source.open(Client.for_app(purpose=Purpose.POLL), 0)
    except XError as error:
        log.warning("not relieved", holder=predecessor, error=str(error))
        return
    with stream:
        if turn := take(source, lease_id, predecessor):
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
def take(source: Source, lease_id: int, predecessor: int = 0) -> Turn | None:
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
    return Turn(source, lease, is_connected=bool(predecessor))


def mine(turn: Turn) -> QuerySet[StreamLease]:
    """The row, while it is ours to write."""
    return StreamLease.objects.filter(pk=turn.lease.pk, token=turn.lease.token)


def leave(turn: Turn) -> None:
    """Whoever comes may read at once; a worker that is asked to end rings for another."""
    if mine(turn).update(leased_until=Now()):
        ring_for_next(turn, after=int(stopping.is_set()))


def ring_for_next(turn: Turn, **how: int) -> None:
    ring_now("twitter_sync.listen", queue="stream", lease_id=turn.lease.pk, **how)


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
        stream = turn.source.open(client, minutes)
    except Refused as refusal:
        if not minutes or type(refusal) not in (Refused, Forbidden):
            raise
        mine(turn).update(has_backfill=False)
        turn.lease.has_backfill, minutes = False, 0
        stream = turn.source.open(client, 0)
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
            turn.source.note_missed(lease.heard_at)
    mine(turn).update(
        connected_at=Now(), unbroken_since=lease.unbroken_since, leased_until=Now() + LEASE
    )
    turn.is_connected, turn.renews_at = True, 0.0
    log.info("stream opened", of=lease.name, holder=lease.token, minutes_repeated=minutes)


def read(stream: Stream, turn: Turn) -> None:
    """Every line into the ledger. Returns when the next worker reads, or was waited for in vain, or
    when this one must end. Raises StreamEnded."""
    if stopping.is_set():
        return
    for line in stream:
        if line:
            turn.source.keep(line)
            turn.was_told = True
        if monotonic() >= turn.renews_at:
            renew(turn)
        if turn.is_over and not turn.has_rung and not turn.is_lonely:
            turn.has_rung = True
            ring_for_next(turn, predecessor=turn.lease.token)
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
        turn.source.note_broken()
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
