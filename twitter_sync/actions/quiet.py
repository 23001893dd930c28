"""Noticing that nobody writes to a handle at a time when somebody always does.

Pushes can stop without a word, and polling too, in ways that nothing here foresees. Customers who
fall silent all at once are the one sign that all of them have in common.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import clock
from accounts.actions.letters import write_to_admins
from accounts.models import BrandAccount, Letter
from inbox.models import Message
from twitter_sync.models import Connection, QuietSpell, SyncCursor, SyncGap
from twitter_sync.rhythms import is_improbable
from twitter_sync.troubles import STANDS_STILL

# A look so long ago says nothing of now.
CONFIRMED_WITHIN = STANDS_STILL
# The feeds in which customers write.
THEIRS = (SyncCursor.Feed.DMS, SyncCursor.Feed.MENTIONS)

log = structlog.get_logger(__name__)


def look_for_quiet(now: datetime | None = None) -> int:
    """Looks at every handle whose hours are known. Returns how many are improbably quiet."""
    now = now or clock.now()
    brands = BrandAccount.objects.filter(rhythm__isnull=False).select_related("rhythm")
    return sum(look_at(brand, now) for brand in brands)


def look_at(brand: BrandAccount, now: datetime) -> bool:
    since = heard_until(brand)
    if since is None or not is_quiet(brand, since, now):
        end(brand, now)
        return False
    notice(brand, since, now, is_confirmed=is_confirmed(brand, now))
    return True


def is_quiet(brand: BrandAccount, since: datetime, now: datetime) -> bool:
    if brand.status not in BrandAccount.LISTENING:
        return False
    return is_improbable(brand.rhythm.rates, brand.rhythm.longest, since, now)


def heard_until(brand: BrandAccount) -> datetime | None:
    """When a customer last wrote, or the handle was connected after that; None for never."""
    incoming = Message.objects.incoming().filter(brand=brand).order_by("-sequence", "-id")
    heard = incoming.values_list("sent_at", flat=True).first()
    connected_at = Connection.objects.filter(brand=brand).values_list("connected_at", flat=True)
    return max([heard, *connected_at]) if heard else None


def is_confirmed(brand: BrandAccount, now: datetime) -> bool:
    """X was asked for every feed a moment ago, gave all of it, and nothing was there."""
    looked = SyncCursor.objects.filter(
        brand=brand, feed__in=THEIRS, polled_at__gt=now - CONFIRMED_WITHIN, failure=""
    )
    is_whole = not SyncGap.objects.healing().filter(brand=brand, feed__in=THEIRS).exists()
    return looked.count() == len(THEIRS) and is_whole


@transaction.atomic
def notice(brand: BrandAccount, since: datetime, now: datetime, *, is_confirmed: bool) -> None:
    """Tells the admins, once for each spell, unless fetching confirms it."""
    QuietSpell.objects.get_or_create(
        brand=brand, ended_at=None, defaults={"since": since, "noticed_at": now}
    )
    spell = QuietSpell.objects.select_for_update().get(brand=brand, ended_at=None)
    spell.is_confirmed = is_confirmed
    if not is_confirmed and spell.told_at is None:
        spell.told_at = now
        write_to_admins(Letter.Kind.ALARM, of=brand, words=words_of(spell))
        log.warning("handle is quiet", brand=brand.pk, since=spell.since.isoformat())
    spell.save(update_fields=["is_confirmed", "told_at"])


def words_of(spell: QuietSpell) -> str:
    brand = spell.brand
    since = spell.since.astimezone(ZoneInfo(brand.time_zone))
    page = f"{settings.WEB_URL}{reverse('twitter_sync:health', args=[brand.handle])}"
    return (
        f"Nobody has written to {brand} since {since:%a %-d %b, %H:%M} ({brand.time_zone}). At "
        "these hours somebody always does, and fetching from X could not confirm that nobody did. "
        f"It may be that nothing comes in. See {page}"
    )


def end(brand: BrandAccount, now: datetime) -> None:
    QuietSpell.objects.under_way().filter(brand=brand).update(ended_at=now)
