"""Whether a person is there, and takes a handle's messages: asked of X when somebody is about to
write to them, and kept from what X tells along with messages."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q

from accounts import clock
from accounts.models import BrandAccount
from inbox.actions.recording import keep_each
from inbox.models import Contact, Conversation
from twitter_sync.actions.introducing import introduce
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.models import Reach
from twitter_sync.payloads import parse
from twitter_sync.reach import is_old, too_old

# What X did not answer is asked again this soon.
AGAIN_AFTER = timedelta(minutes=10)
# X's word for an account that it has suspended (reference: docs/x-api.md).
SUSPENDED = "suspended"

KEEP = """
INSERT INTO twitter_sync_reach AS held (brand_id, contact_id, takes_dms, account, said_at)
SELECT told.brand_id, contact.id, told.takes_dms, told.account, told.said_at
FROM unnest(%s::bigint[], %s::text[], %s::boolean[], %s::text[], %s::timestamptz[])
     AS told (brand_id, x_user_id, takes_dms, account, said_at)
JOIN inbox_contact contact USING (x_user_id)
ORDER BY 1, 2
ON CONFLICT (brand_id, contact_id) DO UPDATE
SET takes_dms = excluded.takes_dms, account = excluded.account, said_at = excluded.said_at
WHERE held.said_at IS NULL OR held.said_at < excluded.said_at
RETURNING held.brand_id, held.contact_id
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """X's word of a person, by X's id, to a handle."""

    brand_id: int
    x_user_id: str
    takes_dms: bool | None
    said_at: datetime
    account: str = Reach.Account.THERE


def ask(brand_id: int, contact_id: int) -> Reach | None:
    """Asks X, unless it said or was asked lately. None when it was not asked, or did not answer."""
    now = clock.now()
    brand = BrandAccount.objects.connected().filter(pk=brand_id).first()
    contact = Contact.objects.filter(pk=contact_id).first()
    if brand is None or contact is None or not claim(brand, contact, now):
        return None
    rows = Reach.objects.filter(brand=brand, contact=contact)
    try:
        client = Client.for_brand(brand, purpose=Purpose.PROFILE)
        answer = client.users(ids=[contact.x_user_id])
    except XError as error:
        log.warning("reach not asked", error=str(error), brand=brand_id)
        rows.update(asked_at=too_old(now) + AGAIN_AFTER)
        return None
    introduce(parse(json.dumps(answer).encode()).people, as_of=now)
    keep([said_in(answer, brand, contact, now)])
    return rows.get()


def claim(brand: BrandAccount, contact: Contact, now: datetime) -> bool:
    """One worker of any number asks."""
    Reach.objects.get_or_create(brand=brand, contact=contact)
    old = Q(asked_at=None) | Q(asked_at__lt=too_old(now))
    due = Reach.objects.filter(old, is_old(now), brand=brand, contact=contact)
    return bool(due.update(asked_at=now))


def said_in(answer: Answer, brand: BrandAccount, contact: Contact, now: datetime) -> Said:
    people = answer.get("data") or []
    if people:
        takes = people[0].get("receives_your_dm")
        known = takes if isinstance(takes, bool) else None
        return Said(brand.pk, contact.x_user_id, known, now)
    words = " ".join(str(one.get("detail", "")) for one in answer.get("errors") or [])
    is_suspended = SUSPENDED in words.casefold()
    account = Reach.Account.SUSPENDED if is_suspended else Reach.Account.GONE
    return Said(brand.pk, contact.x_user_id, None, now, account)


@transaction.atomic
def keep(told: Collection[Said]) -> None:
    """The newest word counts, in whatever order it comes. Desks hear of what it changes."""
    newest = {(one.brand_id, one.x_user_id): one for one in sorted(told, key=when_said)}
    if not newest:
        return
    before = {pair_of(row): meaning(row) for row in held(newest)}
    with connection.cursor() as cursor:
        columns = zip(*map(as_row, newest.values()), strict=True)
        cursor.execute(KEEP, [list(column) for column in columns])
        written = set(cursor.fetchall())
    now = {pair_of(row): meaning(row) for row in held(newest)}
    if changed := [pair for pair in written if before.get(pair, REACHABLE) != now[pair]]:
        tell(changed)


def when_said(said: Said) -> datetime:
    return said.said_at


def as_row(said: Said) -> tuple[int, str, bool | None, str, datetime]:
    return said.brand_id, said.x_user_id, said.takes_dms, said.account, said.said_at


def held(pairs: Collection[tuple[int, str]]) -> list[Reach]:
    brands, people = {brand for brand, _ in pairs}, {x_user_id for _, x_user_id in pairs}
    return list(Reach.objects.filter(brand__in=brands, contact__x_user_id__in=people))


def pair_of(row: Reach) -> tuple[int, int]:
    return row.brand_id, row.contact_id


# Somebody of whom nothing is known is written to as one who can be.
REACHABLE = (True, str(Reach.Account.THERE))


def meaning(row: Reach) -> tuple[bool, str]:
    return row.takes_dms is not False, row.account


def tell(pairs: Iterable[tuple[int, int]]) -> None:
    wanted = Q(pk=None)
    for brand_id, contact_id in pairs:
        wanted |= Q(brand=brand_id, contact=contact_id)
    theirs = Conversation.objects.active().filter(wanted)
    keep_each(list(theirs.select_for_update().order_by("pk")), what="contact")
