"""What a day costs on which nobody writes (trust T9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync.held import pushed_to_us
from tests.x import Simulator
from twitter_sync import costs, metering
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import A_FEW, begin_feeds, poll, poll_due
from twitter_sync.billing import Kind
from twitter_sync.models import ReadToday, SyncCursor, SyncGap, Usage, Webhook

# As docs/x-api.md promises.
HANDLES, MOST_USD = 20, Decimal("5.00")
OLD_MESSAGES = 40
pytestmark = pytest.mark.django_db


@pytest.fixture
def brand(connected: Callable[..., BrandAccount], simulator: Simulator) -> BrandAccount:
    """Pushes come, and its last messages, of as many people, are held."""
    brand = connected()
    pushed_to_us(brand)
    for _ in range(OLD_MESSAGES):
        write(simulator, brand)
    poll_all()
    apply_due()
    assert Message.objects.count() == OLD_MESSAGES
    return brand


def write(simulator: Simulator, brand: BrandAccount) -> None:
    person = simulator.person()
    who = {"sender_id": person["id"], "recipient_id": brand.x_user_id}
    simulator.post("dms", **who, text="Hello", deliver=False)


def poll_all() -> None:
    begin_feeds()
    SyncCursor.objects.update(due_at=timezone.now())
    assert poll_due() == 3
    for cursor in SyncCursor.objects.all():
        poll(cursor.pk)


def a_new_day() -> None:
    yesterday = metering.day_of_x() - timedelta(days=1)
    ReadToday.objects.update(day=yesterday)
    Usage.objects.update(day=yesterday)


def used_today() -> dict[str, int]:
    rows = Usage.objects.filter(day=metering.day_of_x())
    return dict(rows.values_list("kind", "amount"))


def test_twenty_handles_to_which_nobody_writes_stay_within_the_promise(brand):
    a_new_day()
    poll_all()
    once = used_today()
    assert once == {Kind.DM_READ: A_FEW, Kind.USER_READ: A_FEW}
    # The rest of the day: what X has shown today it shows for nothing.
    for _ in range(4):
        poll_all()
    assert used_today() == once
    usd = costs.total({Kind(kind): amount for kind, amount in once.items()}, costs.prices())
    assert usd * HANDLES <= MOST_USD


def test_what_was_pushed_since_is_looked_at_too_so_that_the_poll_meets_known_ground(
    brand, simulator
):
    """Each is held already, as if a push had brought it."""
    for _ in range(A_FEW + 5):
        write(simulator, brand)
    cursor = SyncCursor.objects.get(feed="dms")
    before = cursor.newest_id
    Webhook.objects.update(is_valid=False)
    poll_all()
    apply_due()
    SyncCursor.objects.filter(pk=cursor.pk).update(newest_id=before)
    Webhook.objects.update(is_valid=True)
    a_new_day()
    poll_all()
    assert used_today()[Kind.DM_READ] == A_FEW + 5 + A_FEW
    assert not SyncGap.objects.exists()


def test_a_poll_that_finds_more_than_it_looked_at_leaves_a_gap_to_be_healed(brand, simulator):
    for _ in range(A_FEW + 5):
        write(simulator, brand)
    poll_all()
    assert SyncGap.objects.healing().count() == 1


def test_without_pushes_it_looks_at_a_whole_page(brand):
    Webhook.objects.update(is_valid=False)
    a_new_day()
    poll_all()
    assert used_today()[Kind.DM_READ] == OLD_MESSAGES
