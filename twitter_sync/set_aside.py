"""Rows of the ledger that were set aside, by the handle that they are for.

A push that could not be applied is often of no known brand: then its body is asked whom X told it,
of the newest such rows. The body itself is shown to nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from accounts.models import BrandAccount
from twitter_sync.models import RawEvent
from twitter_sync.models.raw_event import RawEventQuerySet
from twitter_sync.vitals import MOST_COUNTED

MOST_LOOKED_INTO = 200
ADDRESSEE = re.compile(rb'"(?:for_)?user_id"\s*:\s*"(\d{1,19})"')


def set_aside_of(brand: BrandAccount) -> RawEventQuerySet:
    """Those of the brand and those of nobody that X told to it, the newest first."""
    told = nobodys_by_account().get(brand.x_user_id, [])
    rows = RawEvent.objects.dead()
    return (rows.filter(brand=brand) | rows.filter(pk__in=told)).defer("body").order_by("-id")


def orphans_of(brand: BrandAccount) -> int:
    """How many X told to it while it was not connected, as far as anybody wants to know."""
    told = RawEvent.objects.orphans().filter(waits_for=brand.x_user_id)
    return told[:MOST_COUNTED].count()


def set_aside_by_brand(
    brands: Iterable[BrandAccount], known: dict[int | None, int]
) -> dict[int, int]:
    """How many of each: `known` by brand, and nobody's that X told to it."""
    told = nobodys_by_account() if known.get(None) else {}
    return {
        brand.pk: known.get(brand.pk, 0) + len(told.get(brand.x_user_id, [])) for brand in brands
    }


def of_nobody() -> list[int]:
    """The newest rows that X told to no handle that is known here."""
    known = set(BrandAccount.objects.values_list("x_user_id", flat=True))
    told = nobodys_by_account()
    return [pk for account, ids in told.items() if account not in known for pk in ids]


def nobodys_by_account() -> dict[str, list[int]]:
    """The newest rows of no known brand, by the account that X told them to; "" for nobody."""
    found: dict[str, list[int]] = defaultdict(list)
    nobodys = RawEvent.objects.dead().filter(brand=None).order_by("-id")
    for pk, body in nobodys.values_list("pk", "body")[:MOST_LOOKED_INTO]:
        found[addressee_of(bytes(body))].append(pk)
    return found


def addressee_of(body: bytes) -> str:
    """The account of X that a push was told to, however little sense it makes; "" for nobody."""
    found = ADDRESSEE.search(body)
    return found[1].decode() if found else ""
