"""Every fifteen seconds: whatever is due and was not heard of is rung for again (trust R1)."""

from __future__ import annotations

from django.db import connection, transaction

from inbox.doorbell import ring_now
from twitter_sync.actions import sending
from twitter_sync.models import KnownPost, RawEvent

# Half a batch of the apply task for each ring, so that a backlog wakes several workers.
ROWS_PER_RING = 100
MOST_RINGS = 8


@transaction.atomic
def sweep() -> bool:
    """Rings for what is due. False when another sweeper is at it."""
    if not only_one():
        return False
    backlog = RawEvent.objects.due()[: ROWS_PER_RING * MOST_RINGS].count()
    for _ in range(0, backlog, ROWS_PER_RING):
        ring_now("twitter_sync.apply", queue="ingest")
    if KnownPost.objects.due().exists():
        ring_now("twitter_sync.look_up", queue="default")
    sending.sweep()
    return True


def only_one() -> bool:
    """A lock of the database for the time of the transaction, whichever machine sweeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('twitter_sync.sweep'))")
        [taken] = cursor.fetchone() or [False]
    return bool(taken)
