"""What X has cost this month, added up, and the owner told when it nears what they let it cost."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.actions.letters import raise_alarm
from twitter_sync import costs
from twitter_sync.models import Spending
from twitter_sync.models.spending import ONLY, month_of

WORDS = {
    Spending.Pace.SLOW: "X has cost most of what you let a month cost, by Handled's count. News "
    "is fetched less often from now on.",
    Spending.Pace.STOPPED: "X has cost all that you let a month cost, by Handled's count. Nothing "
    "is fetched until you raise the limit or the next month begins.",
}


@transaction.atomic
def measure(now: datetime) -> Spending | None:
    """The estimate for this month; None while another worker has the row in hand."""
    spending = held(now)
    if spending is None:
        return None
    if spending.month != month_of(now):
        spending.month, spending.told = month_of(now), Spending.Pace.FULL
    spending.spent_usd = costs.total(costs.used_in(spending.month), costs.prices())
    spending.measured_at = now
    tell_owners(spending, now)
    spending.save()
    return spending


def held(now: datetime) -> Spending | None:
    """The one row, ours until the transaction ends."""
    Spending.objects.get_or_create(pk=ONLY, defaults={"month": month_of(now)})
    return Spending.objects.select_for_update(skip_locked=True).filter(pk=ONLY).first()


def tell_owners(spending: Spending, now: datetime) -> None:
    """Once for each step, and again in another month."""
    pace = spending.pace_at(now)
    if pace not in (spending.told, Spending.Pace.FULL):
        page = f"{settings.WEB_URL}{reverse('twitter_sync:costs')}"
        raise_alarm(f"{WORDS[pace]} What X pushes still comes in, and replies go out. See {page}")
    spending.told = pace
