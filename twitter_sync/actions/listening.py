"""Hearing X's streams: that of activities, the second way in beside the webhook, and that of posts
with a brand's keywords.

One worker reads for some minutes, then rings for the next. Of activities X allows two streams, so
the next one connects before the first hangs up; of posts one, so it connects after. Whose turn it
is says `turns`, what becomes of a line `hearing`, how long to wait before another try X
(`backoff.before_stream`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from time import monotonic

import structlog
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring_now
from twitter_sync.actions.hearing import LISTENERS, Listener
from twitter_sync.actions.turns import LEASE, Turn, mine, renew, take
from twitter_sync.backoff import before_stream
from twitter_sync.budgets import Purpose
from twitter_sync.calls.activity import MOST_BACKFILL_MINUTES
from twitter_sync.client import Client
from twitter_sync.errors import Forbidden, Refused, XError
from twitter_sync.models import StreamLease
from twitter_sync.streaming import Stream

# A longer wait is left to the row.
LONGEST_WAIT = timedelta(seconds=16)
ONE_MINUTE = timedelta(minutes=1)
# More make no wait longer.
MOST_FAILURES = 1_000

log = structlog.get_logger(__name__)


def sweep() -> None:
    """Rings for streams that nobody reads, when they may be opened."""
    for name, listener in LISTENERS.items():
        if listener.is_wanted():
            StreamLease.objects.get_or_create(name=name)
            free = StreamLease.objects.filter(name=name, leased_until__lte=Now(), due_at__lte=Now())
            for lease_id in free.values_list("pk", flat=True):
                ring_now("twitter_sync.listen", queue="stream", lease_id=lease_id)


def listen(lease_id: int, predecessor: int = 0) -> None:
    """Reads until the next worker has taken over, for some minutes at most. `predecessor` is the
    token of who hands over; 0 takes what nobody holds."""
    lease = StreamLease.objects.filter(pk=lease_id).first()
    listener = LISTENERS.get(lease.name) if lease else None
    if listener is None or stopping.is_set() or not listener.is_wanted():
        return
    if predecessor:
        relieve(listener, lease_id, predecessor)
    elif turn := take(listener, lease_id):
        work(turn)


def relieve(listener: Listener, lease_id: int, predecessor: int) -> None:
    """Connects before the turn is taken: where X refuses, the one before simply reads on."""
    try:
        stream = listener.open(Client.for_app(purpose=Purpose.POLL), 0)
    except XError as error:
        log.warning("not relieved", holder=predecessor, error=str(error))
        return
    with stream:
        if turn := take(listener, lease_id, predecessor):
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
        stream = turn.listener.open(client, minutes)
    except Refused as refusal:
        if not minutes or type(refusal) not in (Refused, Forbidden):
            raise
        mine(turn).update(has_backfill=False)
        turn.lease.has_backfill, minutes = False, 0
        stream = turn.listener.open(client, 0)
    note_connected(turn, minutes)
    return stream


def backfill_minutes(lease: StreamLease) -> int:
    if lease.heard_at is None or not lease.has_backfill:
        return 0
    return min(MOST_BACKFILL_MINUTES, ceil((clock.now() - lease.heard_at) / ONE_MINUTE))


def note_connected(turn: Turn, minutes: int) -> None:
    """So much is repeated. When that is not all that was missed, a new time without gaps begins."""
    now, lease = clock.now(), turn.lease
    is_whole = lease.heard_at is not None and now - minutes * ONE_MINUTE <= lease.heard_at
    if lease.unbroken_since is None or not minutes or not is_whole:
        lease.unbroken_since = now
        if lease.heard_at is not None:
            turn.listener.note_missed(lease.heard_at)
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
            turn.listener.keep(line)
            turn.was_told = True
        if monotonic() >= turn.renews_at:
            renew(turn)
        if turn.is_over and not turn.has_rung and not turn.is_lonely:
            turn.has_rung = True
            ring_for_next(turn, predecessor=turn.lease.token)
        if turn.is_done(line):
            return


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
        turn.listener.note_broken()
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
