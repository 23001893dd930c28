"""How complete a handle is, as its page says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount, User
from tests.factories import make_conversation, make_message, make_thread
from twitter_sync.checklist import checklist
from twitter_sync.models import ConversationSearch, MissedPush, SyncCursor, SyncGap

pytestmark = pytest.mark.django_db


def noon() -> datetime:
    """Of today, by the clock of Olga, who looks."""
    return timezone.now().replace(hour=12, minute=2, second=10, microsecond=0)


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    brand = connected()
    for feed in SyncCursor.Feed:
        SyncCursor.objects.create(
            brand=brand, feed=feed, newest_id="9", polled_at=noon(), complete_to=noon()
        )
    return brand


@pytest.fixture
def look(
    client: Browser, olga: User, sign_in: Callable[..., Browser], brand: BrandAccount
) -> Callable[[], str]:
    """The words at the head of "How news arrives"."""
    browser = sign_in(client, olga)

    def look() -> str:
        page = browser.get(f"/handles/@{brand.handle}/", headers={"HX-Request": "true"})
        assert page.status_code == 200
        [told] = re.findall(r'(?s)<p id="completeness">(.*?)<dl', page.text)
        return " ".join(unescape(re.sub(r"<[^>]*>", "", told)).split())

    return look


def miss(brand: BrandAccount, *found_at: datetime) -> None:
    thread = make_thread(make_conversation(brand), "dm")
    for moment in found_at:
        message = make_message(thread, "Hello")
        MissedPush.objects.create(
            brand=brand,
            message=message,
            event_type="dm.received",
            said_at=moment - timedelta(minutes=3),
            found_at=moment,
        )


def gap(brand: BrandAccount, **fields: Any) -> SyncGap:
    fields = {"feed": "dms", "reason": "pages", "brand": brand, **fields}
    told = {"begins_at": noon() - timedelta(hours=2), "ends_at": noon() - timedelta(hours=1)}
    return SyncGap.objects.create(**(told | fields))


def test_where_all_is_there_it_says_up_to_when(look: Callable[[], str]) -> None:
    assert look() == "Complete to 12:02:10."


def test_with_a_feed_that_was_never_asked_for_nothing_is_complete(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    brand.cursors.filter(feed="mentions").update(complete_to=None)
    assert look() == "Not complete yet."


def test_what_was_missed_by_push_is_counted_with_its_times(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    now = timezone.now().replace(second=1)
    miss(brand, now - timedelta(minutes=6))
    at = f"{now - timedelta(minutes=6):%H:%M}"
    assert look().endswith(f"1 message missed by push was found at {at}.")
    miss(brand, now - timedelta(minutes=6), now - timedelta(minutes=6))
    assert look().endswith(f"3 messages missed by push were found at {at}.")
    miss(brand, now - timedelta(minutes=9))
    since = f"{now - timedelta(minutes=9):%H:%M}"
    assert look().endswith(f"4 messages missed by push were found since {since}, the last at {at}.")


def test_what_was_missed_long_ago_is_no_news(brand: BrandAccount, look: Callable[[], str]) -> None:
    miss(brand, timezone.now() - timedelta(days=2))
    assert look() == "Complete to 12:02:10."


def test_what_another_handle_missed_is_none_of_ours(
    brand: BrandAccount, globex: BrandAccount, look: Callable[[], str]
) -> None:
    miss(globex, timezone.now() - timedelta(minutes=6))
    gap(globex)
    assert look() == "Complete to 12:02:10."


def test_a_gap_that_is_being_healed_ends_what_is_complete(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    row = gap(brand)
    told = "Complete to 10:02:10. Direct messages from 10:02:10 to 11:02:10 are still being fetched"
    assert look() == f"{told}."
    row.is_limited, row.due_at = True, noon() + timedelta(minutes=13)
    row.save()
    assert look() == f"{told}; it goes on at 12:15, when X’s quota is renewed."
    row.is_limited, row.failure = False, "X could not be reached."
    row.save()
    assert look() == f"{told}. X could not be reached. It is tried again by itself."


def test_a_gap_that_is_healed_is_gone(brand: BrandAccount, look: Callable[[], str]) -> None:
    gap(brand, healed_at=timezone.now(), healed_by="poll")
    assert look() == "Complete to 12:02:10."


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        ("dms", "X shows 30 days"),
        ("mentions", "X lists the newest 800"),
        ("own_posts", "X lists the newest 3,200"),
    ],
)
def test_what_is_lost_is_said_for_a_month(
    brand: BrandAccount, look: Callable[[], str], feed: str, why: str
) -> None:
    row = gap(brand, feed=feed, reason="reach", given_up_at=timezone.now())
    name = row.get_feed_display()
    told = f"{name} from 10:02:10 to 11:02:10 may be missing for good: {why}."
    assert look() == f"Complete to 12:02:10. {told}"
    SyncGap.objects.update(given_up_at=timezone.now() - timedelta(days=31))
    assert look() == "Complete to 12:02:10."


def test_what_x_only_pushes_is_told_apart(brand: BrandAccount, look: Callable[[], str]) -> None:
    row = gap(brand, feed="pushes", reason="outage")
    told = "Deletions, quotes and encrypted messages from 10:02:10 to 11:02:10 may be missing"
    assert look() == (
        f"Complete to 12:02:10. {told} until X has pushed that time again: it was asked to."
    )
    row.given_up_at = timezone.now()
    row.save()
    assert look().endswith(
        f"{told} for good: X could not reach Handled, and keeps such news for a day."
    )
    row.failure = "No such webhook."
    row.save()
    assert look().endswith("and did not push that time again. No such webhook.")


def test_what_x_refused_can_be_asked_for_again(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    gap(brand, refusals=5, failure="Not this page.", given_up_at=timezone.now())
    assert look().endswith(
        "may be missing. Not this page. X refused this part again and again; “Check again” begins "
        "anew."
    )


def test_it_says_since_when_every_public_post_was_checked(
    brand: BrandAccount, client: Browser, olga: User, sign_in: Callable[..., Browser]
) -> None:
    """The oldest check speaks for all; what is quiet for long is checked no more."""
    for number, hours, is_active in ((1, 3, True), (2, 7, True), (3, 90, False)):
        ConversationSearch.objects.create(
            brand=brand,
            x_conversation_id=str(number),
            author_id="9",
            checked_at=timezone.now() - timedelta(hours=hours),
            check_at=timezone.now() if is_active else None,
        )
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").text
    [told] = re.findall(r"every one checked since: <time[^>]*>(.*?)</time>", page)
    assert told == "7h"


def test_it_costs_the_same_however_much_is_missing(brand: BrandAccount) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            checklist(brand)
        return len(queries)

    before = cost()
    for _ in range(5):
        gap(brand)
    miss(brand, *[timezone.now() - timedelta(minutes=6)] * 5)
    assert cost() == before
