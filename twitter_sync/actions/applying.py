"""The ledger becomes conversations: a batch of rows at a time, each batch in one transaction.

News comes before history: while the backlog of a handle that was just connected is sorted, only a
part of each batch is of it.

Rows are claimed by their locks, so a worker that dies leaves nothing behind: they are pending still
and the next worker takes them. A batch that fails is taken apart, until the row that makes it fail
is alone: it is tried again later and then set aside, and never holds up another (trust R19).
Applying a row twice is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import prefetch_related_objects

from accounts import clock
from accounts.doorbell import ring
from twitter_sync.actions.interpreting import Outcome, interpret
from twitter_sync.actions.placing import active_brands
from twitter_sync.backoff import delay
from twitter_sync.failures import where
from twitter_sync.locks import lock_accounts
from twitter_sync.models import RawEvent
from twitter_sync.scene import Brands

# So many rows are applied in one transaction: it holds a lock for each customer in them, a quarter
# of a second long. Half as many cost a quarter more each.
BATCH = 400
# A worker gives way after this many, so that other work of its queue gets its turn.
MOST_ROWS = 1_000
MOST_ATTEMPTS = 5
# Two workers in each other's way are no fault of the rows: so often a batch is tried as it is.
MOST_COLLISIONS = 3
# Postgres: serialization failure, deadlock.
COLLISIONS = ("40001", "40P01")
# Of so many rows one is history, however much news there is: it must not starve either.
HISTORY_EVERY = 8

SETTLE = """
UPDATE twitter_sync_rawevent row
SET state = told.state, brand_id = told.brand_id, waits_for = told.waits_for, error = told.error,
    applied_at = CASE WHEN told.state = 'applied' THEN statement_timestamp() END
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[])
     AS told (id, state, brand_id, waits_for, error)
WHERE row.id = told.id
"""

State = RawEvent.State
log = structlog.get_logger(__name__)


def apply_due(limit: int = MOST_ROWS) -> int:
    """Applies what is due, news before history, and rings again when more is left. Returns how
    many rows it had in hand."""
    done = 0
    while done < limit:
        taken = apply_batch(min(BATCH, limit - done))
        if not taken:
            return done
        done += taken
    ring("twitter_sync.apply", queue="ingest")
    return done


def apply_batch(limit: int) -> int:
    """Applies rows that are due and that no other worker has in hand. Returns how many it had in
    hand, whatever became of them."""
    claimed: list[int] = []
    try:
        with transaction.atomic():
            rows = claim(limit)
            claimed = [row.pk for row in rows]
            apply_together(rows)
    except Exception as error:
        # A poison row must not stop the ledger. Is it the database, what follows fails as well.
        if not claimed:
            raise
        take_apart(claimed, error)
    return len(claimed)


def claim(limit: int) -> list[RawEvent]:
    """The oldest due rows that are in nobody's hands, ours until the transaction ends: news, and a
    part that is kept for history."""
    news = list(RawEvent.objects.next_news(limit - limit // HISTORY_EVERY))
    return news + list(RawEvent.objects.next_history(limit - len(news)))


def claim_again(ids: Collection[int]) -> list[RawEvent]:
    """Those of the rows that nobody has taken or applied meanwhile."""
    rows = RawEvent.objects.due().filter(pk__in=ids).order_by("due_at", "pk")
    return list(rows.select_for_update(skip_locked=True, of=("self",)))


def apply_together(rows: Sequence[RawEvent]) -> None:
    """In one transaction, which is open. The brands are read after the rows are claimed: none is
    missed that was connected before."""
    if not rows:
        return
    brands = {brand.x_user_id: brand for brand in active_brands()}
    prefetch_related_objects(rows, "brand")
    settle(rows, understood(rows, brands))


def understood(rows: Sequence[RawEvent], brands: Brands) -> list[Outcome]:
    """What the rows mean. Those for a handle that is not connected here are looked at once more, in
    case that it was connected at this very moment: else its connecting would not see these orphans,
    which are not committed yet, and this worker would not see the handle."""
    outcomes = interpret(rows, brands)
    strangers = {outcome.no_such_account for outcome in outcomes} - brands.keys() - {""}
    if not strangers:
        return outcomes
    lock_accounts(strangers, shared=True)
    newcomers = {one.x_user_id: one for one in active_brands().filter(x_user_id__in=strangers)}
    theirs = [n for n, outcome in enumerate(outcomes) if outcome.no_such_account in newcomers]
    again = interpret([rows[n] for n in theirs], {**brands, **newcomers})
    for n, outcome in zip(theirs, again, strict=True):
        outcomes[n] = outcome
    return outcomes


def settle(rows: Sequence[RawEvent], outcomes: Sequence[Outcome]) -> None:
    told = [(row.pk, *settled(outcome)) for row, outcome in zip(rows, outcomes, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(column) for column in zip(*told, strict=True)])
    for row_id, state, _, _, error in told:
        if error or state == State.ORPHAN:
            log.warning("event not understood", row=row_id, state=state, why=error)


def settled(outcome: Outcome) -> tuple[str, int | None, str, str]:
    """State, brand, what it waits for, and what was not understood."""
    error = "; ".join([*outcome.unreadable, *outcome.unknown])[:300]
    waits_for = outcome.waits_for or outcome.no_such_account
    return state_after(outcome), outcome.brand_id, waits_for, error


def state_after(outcome: Outcome) -> RawEvent.State:
    """What can't be applied decides: a row is done only when all of it is."""
    if outcome.waits_for:
        return State.WAITING
    if outcome.unreadable:
        return State.DEAD
    if outcome.no_such_account:
        return State.ORPHAN
    return State.APPLIED if outcome.received else State.IGNORED


# What fails


def take_apart(ids: Sequence[int], error: Exception, collisions: int = 0) -> None:
    """Applies the rows of a batch that failed: once more as it is where only another worker was in
    the way, else by halves."""
    if is_collision(error) and collisions < MOST_COLLISIONS:
        log.info("batch tried again", rows=len(ids), **where(error))
        apply_part(ids, collisions + 1)
    elif len(ids) == 1:
        postpone(ids[0], error)
    else:
        log.warning("batch taken apart", rows=len(ids), **where(error))
        half = len(ids) // 2
        apply_part(ids[:half])
        apply_part(ids[half:])


def apply_part(ids: Sequence[int], collisions: int = 0) -> None:
    try:
        with transaction.atomic():
            apply_together(claim_again(ids))
    except Exception as error:
        take_apart(ids, error, collisions)


def is_collision(error: Exception) -> bool:
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, OperationalError) and code in COLLISIONS


@transaction.atomic
def postpone(row_id: int, error: Exception) -> None:
    """Later; after the last try the row is set aside until somebody has it replayed."""
    row = RawEvent.objects.select_for_update(skip_locked=True).filter(pk=row_id).first()
    if row is None or row.state != State.PENDING:
        return
    failure = where(error)
    row.attempts += 1
    row.brand = row.brand or active_brands().filter(x_user_id=row.addressee).first()
    row.error = f"{failure['error']} at {failure['at']}"[:300]
    row.state = State.DEAD if row.attempts >= MOST_ATTEMPTS else State.PENDING
    row.due_at = clock.now() + delay(row.attempts)
    row.save(update_fields=["attempts", "brand", "error", "state", "due_at"])
    log.error("event not applied", row=row.pk, attempts=row.attempts, **failure)
