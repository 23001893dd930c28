"""What is gone from X leaves the ledger: its words are cut out of every body that told of it,
within minutes (trust P1).

A worker walks the bodies that came since the thing was written, for as many deletions as are due
together. A row that was polled has an id in its fact; but X also repeats what a post answers or
quotes, in bodies for any handle, so all are looked through. A body may be the only one that tells
which posts are one in several forms, and may be cut before anybody applies it: the forms go first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

import structlog
from django.db import connection, transaction

from accounts import clock
from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions.revising import find_all
from inbox.models import Message
from inbox.utterance import Name
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.remembering import forget
from twitter_sync.models import KnownPost, RawEvent, Redaction
from twitter_sync.payloads.cutting import forms_told, without

MOST_AT_ONCE = 100
ROWS_AT_ONCE = 1_000
# A worker gives way after so long; the clock or the next ring goes on.
WORK_FOR = timedelta(seconds=30)
# Ids hold letters, digits and hyphens: nothing that means more in a pattern.
LOOK = """
WITH next AS MATERIALIZED (
    SELECT id, received_at, body FROM twitter_sync_rawevent
    WHERE emptied_at IS NULL AND (received_at, id) > (%s, %s)
    ORDER BY received_at, id LIMIT %s
)
SELECT id, received_at, encode(body, 'escape') ~ %s FROM next ORDER BY received_at, id
"""
# Not what was asked for again meanwhile.
MOVE_ON = """
UPDATE twitter_sync_redaction SET walked_at = %s, walked_id = %s, finished_at = %s
WHERE id IN (
    SELECT redaction.id FROM unnest(%s::bigint[], %s::timestamptz[]) AS walked (id, asked_at)
    JOIN twitter_sync_redaction redaction USING (id, asked_at) FOR UPDATE OF redaction SKIP LOCKED
)
"""

State = RawEvent.State
log = structlog.get_logger(__name__)


def cut_due() -> None:
    """Walks until nothing is left to do, or it is another task's turn."""
    ends_at = monotonic() + WORK_FOR.total_seconds()
    while cut_some():
        if monotonic() >= ends_at:
            ring_now("twitter_sync.redact", queue="default")
            return


class Place(NamedTuple):
    """Up to where the ledger was walked."""

    received_at: datetime
    row_id: int


def place_of(redaction: Redaction) -> Place:
    return Place(redaction.walked_at, redaction.walked_id)


def cut_some() -> bool:
    """One stretch of the ledger, from where the oldest deletion stands. False when none is left.

    Those that stand further on go along. A worker that dies has done nothing that hurts twice; the
    rows of the ledger and those that say how far it is are never held together.
    """
    due = list(Redaction.objects.unfinished()[:MOST_AT_ONCE])
    if not due:
        return False
    begun = place_of(due[0])
    ids = {one.external_id for one in due}
    bury({one.external_id for one in due if not one.walked_id})
    seen, telling = look(begun, ids)
    forget_forms(telling, ids)
    cut_out(telling, ids)
    is_end = len(seen) < ROWS_AT_ONCE
    move_on(due, begun, seen[-1] if seen else begun, is_end=is_end)
    return True


def bury(ids: Collection[str]) -> None:
    """A message that came in under another id, before both were known to be one, goes as well."""
    post_ids = deleted_among(ids)
    if not post_ids:
        return
    brands = list(BrandAccount.objects.all())
    names = [Name(brand.pk, Message.Kind.PUBLIC, one) for brand in brands for one in post_ids]
    for name, message in find_all(names).items():
        if message.deleted_at is None:
            with transaction.atomic():
                delete_post(name.external_id, brands=brands)


def deleted_among(ids: Collection[str]) -> set[str]:
    """The posts that are deleted, not hidden by a protected author."""
    known = KnownPost.objects.filter(pk__in=ids, availability=KnownPost.Availability.DELETED)
    return set(known.values_list("pk", flat=True))


def look(begun: Place, ids: Collection[str]) -> tuple[list[Place], list[int]]:
    """The next rows, and which of them name one of the ids."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [*begun, ROWS_AT_ONCE, "|".join(sorted(ids))])
        rows = cursor.fetchall()
    return [Place(at, pk) for pk, at, _ in rows], [pk for pk, _, is_telling in rows if is_telling]


@transaction.atomic
def forget_forms(row_ids: Sequence[int], ids: Collection[str]) -> None:
    """What these rows tell to be one with a post that is deleted is deleted as well, and is cut out
    in its turn."""
    gone = deleted_among(ids) if row_ids else set()
    if not gone:
        return
    bodies = RawEvent.objects.filter(pk__in=row_ids).values_list("body", flat=True)
    forms = set().union(*(forms_told(bytes(body), gone) for body in bodies.iterator()))
    if forms - deleted_among(forms):
        forget(forms)


@transaction.atomic
def cut_out(row_ids: Sequence[int], ids: Collection[str]) -> None:
    """A row that is being applied is waited for. One that has nothing left to tell is done."""
    rows = RawEvent.objects.filter(pk__in=row_ids).order_by("pk").select_for_update()
    cut = 0
    for row in rows:
        body = bytes(row.body)
        left = without(body, ids)
        if left == body:
            continue
        cut += 1
        row.body = left
        if not left:
            row.emptied_at = clock.now()
            row.state = State.APPLIED if row.state == State.APPLIED else State.IGNORED
            row.waits_for = ""
        row.save(update_fields=["body", "emptied_at", "state", "waits_for"])
    if cut:
        log.info("words cut out of the ledger", rows=cut)


def move_on(due: Sequence[Redaction], begun: Place, seen: Place, *, is_end: bool) -> None:
    """Those that stood in this stretch, and at the end of the ledger those beyond it, too."""
    along = [one for one in due if begun <= place_of(one) and (is_end or place_of(one) <= seen)]
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE_ON,
            [
                *seen,
                clock.now() if is_end else None,
                [one.pk for one in along],
                [one.asked_at for one in along],
            ],
        )
