"""Every fifteen seconds: whatever is due and was not heard of is rung for again (trust R1)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.doorbell import ring_now
from twitter_sync.actions import (
    blocking,
    fetching,
    hiding,
    listening,
    reconciling,
    recovering,
    sending,
    unsending,
    uploading,
)
from twitter_sync.actions.applying import BATCH
from twitter_sync.locks import only_one
from twitter_sync.models import Backfill, Connection, KnownPost, RawEvent, SyncGap

# A ring for each batch, so that a backlog wakes several workers.
ROWS_PER_RING = BATCH
MOST_RINGS = 8


def sweep() -> bool:
    """Rings for what is due. False when another sweeper is at it.

    Nothing is held while the broker is slow: what two do at once is harmless.
    """
    due = look()
    if due is None:
        return False
    for _ in range(0, due.rows, ROWS_PER_RING):
        ring_now("twitter_sync.apply", queue="ingest")
    if due.has_look_ups:
        ring_now("twitter_sync.look_up", queue="default")
    for brand_id in due.set_ups:
        ring_now("twitter_sync.set_up", queue="default", brand_id=brand_id)
    for backfill_id in due.backfills:
        ring_now("twitter_sync.backfill", queue="default", backfill_id=backfill_id)
    for gap_id in due.gaps:
        ring_now("twitter_sync.heal", queue="default", gap_id=gap_id)
    for replay_id in recovering.sweep():
        ring_now("twitter_sync.replay", queue="default", replay_id=replay_id)
    listening.sweep()
    sending.sweep()
    reconciling.look()
    blocking.sweep()
    hiding.sweep()
    unsending.sweep()
    fetching.sweep()
    uploading.sweep()
    return True


@dataclass(frozen=True, slots=True)
class ToRing:
    """What is due: rows of the ledger, by their number, and the keys of all else."""

    rows: int
    has_look_ups: bool
    set_ups: list[int]
    backfills: list[int]
    gaps: list[int]


@transaction.atomic
def look() -> ToRing | None:
    """The rows up to what is rung for at once; None when another sweeper looks."""
    if not only_one("twitter_sync.sweep"):
        return None
    most = ROWS_PER_RING * MOST_RINGS
    news, history = RawEvent.objects.news().due(), RawEvent.objects.history().due()
    rows = min(most, news[:most].count() + history[:most].count())
    return ToRing(
        rows,
        has_look_ups=KnownPost.objects.due().exists(),
        set_ups=list(Connection.objects.due().values_list("brand_id", flat=True)),
        backfills=list(Backfill.objects.due().values_list("pk", flat=True)),
        gaps=list(SyncGap.objects.due().values_list("pk", flat=True)),
    )
