"""The ledger becomes conversations: one row at a time, each in a transaction of its own.

News comes before history: while the backlog of a handle that was just connected is sorted, only
every few rows is one of it.

A row is claimed by its lock, so a worker that dies leaves nothing behind: the row is pending still
and the next worker takes it. What fails is tried again later and then set aside; it never holds up
another row (trust R19). Applying a row twice is harmless.
"""

from __future__ import annotations

from itertools import chain

import structlog
from django.db import connection, transaction
from django.utils import timezone

from accounts.doorbell import ring
from twitter_sync.actions.interpreting import Outcome, interpret
from twitter_sync.actions.placing import Brands, active_brands
from twitter_sync.backoff import delay
from twitter_sync.failures import where
from twitter_sync.models import RawEvent
from twitter_sync.payloads import Unreadable

# A worker gives way after this many, so that other work of its queue gets its turn.
BATCH = 200
MOST_ATTEMPTS = 5
# One row in so many is history, however much news there is: it must not starve either.
HISTORY_EVERY = 8

# Worded once: it runs for every row.
SETTLE = """
UPDATE twitter_sync_rawevent
SET state = %s, brand_id = %s, waits_for = %s, error = %s,
    applied_at = CASE WHEN %s THEN statement_timestamp() END
WHERE id = %s
"""

State = RawEvent.State
log = structlog.get_logger(__name__)


def apply_due(limit: int = BATCH) -> int:
    """Applies what is due, news before history, and rings again when more is left. Returns how
    many."""
    brands = {brand.x_user_id: brand for brand in active_brands()}
    for done in range(limit):
        if not apply_next(brands, history_first=done % HISTORY_EVERY == HISTORY_EVERY - 1):
            return done
    ring("twitter_sync.apply", queue="ingest")
    return limit


def apply_next(brands: Brands, *, history_first: bool = False) -> bool:
    """Applies the oldest due row that no other worker has in hand. False when there is none."""
    row: RawEvent | None = None
    try:
        with transaction.atomic():
            row = next_row(history_first=history_first)
            if row is not None:
                attach_brand(row, brands)
                settle(row, understood(row, brands))
    except Unreadable as error:
        set_aside(row, error)
    except Exception as error:
        # A poison row must not stop the ledger. Is it the database, this fails as well.
        postpone(row, error)
    return row is not None


def next_row(*, history_first: bool) -> RawEvent | None:
    lines = [RawEvent.objects.next_news, RawEvent.objects.next_history]
    found = chain.from_iterable(line() for line in (lines[::-1] if history_first else lines))
    return next(found, None)


def attach_brand(row: RawEvent, brands: Brands) -> None:
    """Spares a question to Postgres for every row of a page."""
    known = (brand for brand in brands.values() if brand.pk == row.brand_id)
    if brand := next(known, None):
        row.brand = brand


def understood(row: RawEvent, brands: Brands) -> Outcome:
    """What the row means. One for a handle that is not connected here is looked at once more, in
    case that it was connected at this very moment: else its connecting would not see this orphan,
    which is not committed yet, and this worker would not see the handle."""
    outcome = interpret(row, brands)
    if not outcome.no_such_account or outcome.no_such_account in brands:
        return outcome
    lock_account(outcome.no_such_account, shared=True)
    if not active_brands().filter(x_user_id=outcome.no_such_account).exists():
        return outcome
    return interpret(row, {brand.x_user_id: brand for brand in active_brands()})


def lock_account(x_user_id: str, *, shared: bool = False) -> None:
    """Until the transaction ends, an account of X is connected or its orphans are made, not both.

    Shared by the workers that make orphans; whoever connects takes it before any row.
    """
    how = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock{how}(hashtext('account'), hashtext(%s))", [x_user_id]
        )


def settle(row: RawEvent, outcome: Outcome) -> None:
    state = state_after(outcome)
    error = "; ".join([*outcome.unreadable, *outcome.unknown])[:300]
    waits_for = outcome.waits_for or outcome.no_such_account
    with connection.cursor() as cursor:
        is_applied = state == State.APPLIED
        cursor.execute(SETTLE, [state, outcome.brand_id, waits_for, error, is_applied, row.pk])
    if error or state == State.ORPHAN:
        log.warning("event not understood", row=row.pk, state=state, why=error)


def state_after(outcome: Outcome) -> RawEvent.State:
    """What can't be applied decides: a row is done only when all of it is."""
    if outcome.waits_for:
        return State.WAITING
    if outcome.unreadable:
        return State.DEAD
    if outcome.no_such_account:
        return State.ORPHAN
    return State.APPLIED if outcome.received else State.IGNORED


def set_aside(row: RawEvent | None, error: Unreadable) -> None:
    if row is None:
        raise error
    reason = f"Unreadable: {error}"[:300]
    RawEvent.objects.filter(pk=row.pk).update(state=State.DEAD, error=reason)
    log.error("event set aside", row=row.pk, why=reason)


def postpone(row: RawEvent | None, error: Exception) -> None:
    """Later; after the last try the row is set aside: the command replay_events takes it up."""
    if row is None:
        raise error
    failure, attempts = where(error), row.attempts + 1
    RawEvent.objects.filter(pk=row.pk).update(
        state=State.DEAD if attempts >= MOST_ATTEMPTS else State.PENDING,
        attempts=attempts,
        error=f"{failure['error']} at {failure['at']}"[:300],
        due_at=timezone.now() + delay(attempts),
    )
    log.error("event not applied", row=row.pk, attempts=attempts, **failure)
