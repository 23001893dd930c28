"""The ledger becomes conversations: one row at a time, each in a transaction of its own.

A row is claimed by its lock, so a worker that dies leaves nothing behind: the row is pending still
and the next worker takes it. What fails is tried again later and then set aside; it never holds up
another row (trust R19). Applying a row twice is harmless.
"""

from __future__ import annotations

import structlog
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.doorbell import ring
from twitter_sync.actions.interpreting import Outcome, interpret
from twitter_sync.backoff import delay
from twitter_sync.failures import where
from twitter_sync.models import RawEvent
from twitter_sync.payloads import Unreadable

# A worker gives way after this many, so that other work of its queue gets its turn.
BATCH = 200
MOST_ATTEMPTS = 5

State = RawEvent.State
log = structlog.get_logger(__name__)


def apply_due(limit: int = BATCH) -> int:
    """Applies what is due, oldest first, and rings again when more is left. Returns how many."""
    for done in range(limit):
        if not apply_next():
            return done
    ring("twitter_sync.apply", queue="ingest")
    return limit


@transaction.atomic
def apply_next() -> bool:
    """Applies the oldest due row that no other worker has in hand. False when there is none."""
    due = RawEvent.objects.due().order_by("due_at", "id")
    row = due.select_for_update(skip_locked=True, of=("self",)).select_related("brand").first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            outcome = interpret(row)
    except Unreadable as error:
        set_aside(row, f"Unreadable: {error}")
    except Exception as error:
        postpone(row, error)
    else:
        settle(row, outcome)
    row.save(update_fields=["state", "waits_for", "attempts", "error", "due_at", "applied_at"])
    return True


def settle(row: RawEvent, outcome: Outcome) -> None:
    row.state = state_after(outcome)
    row.waits_for = outcome.waits_for or outcome.no_such_account
    row.error = "; ".join([*outcome.unreadable, *outcome.unknown])[:300]
    row.applied_at = timezone.now() if row.state == State.APPLIED else None
    if row.error or row.state == State.ORPHAN:
        log.warning("event not understood", row=row.pk, state=row.state, why=row.error)


def state_after(outcome: Outcome) -> RawEvent.State:
    """What can't be applied decides: a row is done only when all of it is."""
    if outcome.waits_for:
        return State.WAITING
    if outcome.unreadable:
        return State.DEAD
    if outcome.no_such_account:
        return State.ORPHAN
    return State.APPLIED if outcome.received else State.IGNORED


def postpone(row: RawEvent, error: Exception) -> None:
    failure = where(error)
    row.attempts += 1
    row.error = f"{failure['error']} at {failure['at']}"
    row.due_at = timezone.now() + delay(row.attempts)
    if row.attempts >= MOST_ATTEMPTS:
        row.state = State.DEAD
    log.error("event not applied", row=row.pk, attempts=row.attempts, **failure)


def set_aside(row: RawEvent, reason: str) -> None:
    row.state, row.error = State.DEAD, reason[:300]
    log.error("event set aside", row=row.pk, why=row.error)


# Taking up again


def adopt_orphans(brand: BrandAccount) -> int:
    """A handle was connected: what X told us for it before that is due now."""
    orphans = RawEvent.objects.filter(state=State.ORPHAN, waits_for=brand.x_user_id)
    return due_again(orphans)


def replay_dead() -> int:
    """After a fix: everything that was set aside gets another five tries."""
    return due_again(RawEvent.objects.filter(state=State.DEAD))


def due_again(rows: models.QuerySet[RawEvent]) -> int:
    count = rows.update(state=State.PENDING, waits_for="", attempts=0, error="", due_at=Now())
    if count:
        ring("twitter_sync.apply", queue="ingest")
    return count
