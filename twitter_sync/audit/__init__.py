"""What must always be true of our rows, each a statement to Postgres that finds where it is not.

    finding = examine(INVARIANTS["V6"], recent())
    finding.holds, finding.count, finding.rows

They look from our side alone. What only X can tell, such as that a message was accepted once, is
compared with the simulator's ledger by `tests/faults`. Nothing here changes a row.
"""

from __future__ import annotations

from twitter_sync.audit import arriving, sending, standing
from twitter_sync.audit.invariant import Finding, Invariant, examine
from twitter_sync.audit.scope import Scope, everything, recent

__all__ = ["INVARIANTS", "Finding", "Invariant", "Scope", "everything", "examine", "recent"]

INVARIANTS: dict[str, Invariant] = {
    invariant.name: invariant
    for invariant in (
        arriving.EVENTS_BECAME_MESSAGES,
        arriving.MESSAGES_WERE_TOLD,
        sending.SENT_ONCE,
        arriving.HELD_ONCE,
        sending.SENT_IN_ORDER,
        sending.ATTEMPTS_END,
        arriving.CURSORS_STAND_ON_HELD_GROUND,
        standing.SUMMARIES_ARE_TRUE,
        standing.BRANDS_AGREE,
        standing.DELETED_IS_GONE,
        standing.DONE_ONCE,
        sending.QUOTAS_ARE_SOUND,
    )
}
