"""What is gone from X is to leave the ledger, too: a deletion asks for it in its own transaction.

`actions.cutting` does it. What X tells of it later asks for it again (`remembering.remember`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from accounts import clock
from accounts.doorbell import ring
from inbox.sequence import moment_of
from twitter_sync.payloads.reading import LARGEST_ID
from twitter_sync.utterances import BEFORE_X

# Nothing was told before it was written, by whichever of two clocks.
SLACK = timedelta(hours=1)

ASK = """
INSERT INTO twitter_sync_redaction AS held (external_id, asked_at, walked_at, walked_id)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
ON CONFLICT (external_id) DO UPDATE SET
    asked_at = excluded.asked_at, walked_at = excluded.walked_at, walked_id = 0, finished_at = NULL
"""


def redact(external_ids: Iterable[str]) -> None:
    """Asks for it, from the beginning where it was asked for before. Call inside the transaction
    that forgets them, after its other rows."""
    ids = sorted({one for one in external_ids if is_id(one)})
    if not ids:
        return
    now = clock.now()
    with connection.cursor() as cursor:
        since = [written_at(one) - SLACK for one in ids]
        cursor.execute(ASK, [ids, [now] * len(ids), since, [0] * len(ids)])
    ring("twitter_sync.redact", queue="default")


def is_id(said: str) -> bool:
    return said.replace("-", "").isalnum() and said.isascii()


def written_at(external_id: str) -> datetime:
    is_of_x = external_id.isdecimal() and int(external_id) <= LARGEST_ID
    return moment_of(int(external_id)) if is_of_x else BEFORE_X
