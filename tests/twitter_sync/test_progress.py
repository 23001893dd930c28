"""The page of a handle while its past comes in, state by state."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import BrandAccount, User
from twitter_sync.checklist import checklist
from twitter_sync.models import Backfill, Connection, RawEvent, SyncCursor

pytestmark = pytest.mark.django_db
FEEDS = ("dms", "mentions", "own_posts")


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    """Connected a moment ago; nothing was fetched yet."""
    brand = connected()
    for feed in FEEDS:
        SyncCursor.objects.create(brand=brand, feed=feed)
    return brand


@pytest.fixture
def look(
    client: Browser, olga: User, sign_in: Callable[..., Browser], brand: BrandAccount
) -> Callable[[], str]:
    """The words of the progress card as the page shows them now."""
    browser = sign_in(client, olga)

    def look() -> str:
        page = browser.get(f"/handles/@{brand.handle}/", headers={"HX-Request": "true"})
        assert page.status_code == 200
        [card] = re.findall(r'(?s)aria-labelledby="progress-title">(.*?)</section>', page.text)
        told = re.sub(r"<[^>]*>", " ", card)
        return " ".join(unescape(told).split()) + asks_again(page.text)

    return look


def asks_again(page: str) -> str:
    found = re.search(r'id="checklist" hx-get="[^"]+" hx-trigger="every (\d+)s"', page)
    return f" [again in {found[1]} s]" if found else " [for good]"


def fetch(brand: BrandAccount, feed: str, **fields: object) -> Backfill:
    """As if so much of a feed had been fetched."""
    cursor = brand.cursors.get(feed=feed)
    SyncCursor.objects.filter(pk=cursor.pk).update(
        polled_at=timezone.now(), newest_id="9", complete_to=timezone.now()
    )
    return Backfill.objects.create(cursor=cursor, newest_id="9", **fields)


def keep_unsorted(brand: BrandAccount, count: int) -> None:
    for number in range(count):
        RawEvent.objects.create(brand=brand, source="history", fact=f"dm:{number}", body=b"{}")


def bar(brand: BrandAccount, feed: str) -> tuple[int, int]:
    [one] = [one for one in checklist(brand).progress.feeds if one.feed == feed]
    return one.value, one.most


# State by state


def test_before_anything_came_it_is_about_to_begin(look: Callable[[], str]) -> None:
    told = look()
    assert "Fetching" in told
    assert told.count("About to begin.") == 3
    assert "0 fetched, 0 sorted into conversations." in told
    assert told.endswith("[again in 2 s]")


def test_in_the_middle_it_says_how_much_is_fetched_and_sorted(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    began = timezone.now()
    fetch(brand, "dms", fetched=1_100, began_at=began, reached_at=began - timedelta(days=12))
    fetch(brand, "mentions", fetched=320, reached_at=began - timedelta(days=3))
    keep_unsorted(brand, 20)
    told = look()
    assert "1,100 fetched" in told
    assert "320 of at most 800" in told
    assert "X shows 30 days" in told
    assert "1,420 fetched, 1,400 sorted into conversations." in told
    assert "work can begin" in told
    assert bar(brand, "dms") == (12 * 24, 30 * 24)
    assert bar(brand, "mentions") == (320, 800)
    assert bar(brand, "own_posts") == (0, 800)


def test_a_quota_that_is_used_up_is_said_with_when_it_goes_on(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    later = timezone.now().astimezone(UTC) + timedelta(minutes=13)
    fetch(brand, "dms", fetched=900, is_limited=True, due_at=later)
    for feed in ("mentions", "own_posts"):
        fetch(brand, feed, fetched=7, done_at=timezone.now())
    told = look()
    assert f"Waits for X goes on at {later:%H:%M}" in told
    assert f"X’s quota is used up; goes on at {later:%H:%M} ." in told
    assert told.endswith("[again in 10 s]")


def test_a_quota_used_up_before_the_first_page_is_said_of_each_feed(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    later = timezone.now().astimezone(UTC) + timedelta(minutes=13)
    brand.cursors.update(is_limited=True, due_at=later)
    assert look().count(f"X’s quota is used up; goes on at {later:%H:%M} .") == 3


def test_what_came_is_sorted_while_x_is_waited_for(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    brand.cursors.exclude(feed="dms").delete()
    later = timezone.now() + timedelta(minutes=13)
    fetch(brand, "dms", fetched=900, is_limited=True, due_at=later)
    keep_unsorted(brand, 3)
    told = look()
    assert "Sorting" in told
    assert told.endswith("[again in 2 s]")


def test_while_one_feed_goes_on_nobody_waits_for_x(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    fetch(brand, "dms", fetched=900, is_limited=True, due_at=timezone.now() + timedelta(minutes=9))
    fetch(brand, "mentions", fetched=100)
    assert "Waits for X" not in look()


def test_x_being_away_is_said_and_tried_again(brand: BrandAccount, look: Callable[[], str]) -> None:
    fetch(brand, "dms", fetched=100, failure="X could not be reached.")
    assert "X could not be reached. It is tried again by itself." in look()


def test_what_x_refuses_for_good_is_said_and_can_be_asked_for_once_more(
    brand: BrandAccount, look: Callable[[], str], client: Browser
) -> None:
    refused = fetch(
        brand, "dms", fetched=100, failure="No such page.", refusals=5, given_up_at=timezone.now()
    )
    for feed in ("mentions", "own_posts"):
        fetch(brand, feed, fetched=10, done_at=timezone.now())
    told = look()
    assert "Not all fetched" in told
    assert "No such page. X refused this part again and again, so it was given up." in told
    assert told.endswith("[for good]")
    client.post(f"/handles/@{brand.handle}/check/")
    refused.refresh_from_db()
    assert (refused.is_given_up, refused.failure, refused.fetched) == (False, "", 0)


def test_when_all_is_fetched_it_says_what_is_left_to_sort(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    for feed in FEEDS:
        fetch(brand, feed, fetched=10, done_at=timezone.now())
    keep_unsorted(brand, 4)
    RawEvent.objects.filter(fact="dm:0").update(state="waiting", waits_for="1")
    RawEvent.objects.filter(fact="dm:1").update(state="applied")
    told = look()
    assert "Sorting" in told
    assert "30 fetched, 27 sorted" in told
    assert told.endswith("[again in 2 s]")


def test_in_the_end_it_says_up_to_when_all_is_there(
    brand: BrandAccount, look: Callable[[], str], olga: User
) -> None:
    for feed in FEEDS:
        fetch(brand, feed, fetched=800, done_at=timezone.now())
    zone = timezone.get_default_timezone()
    today = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=3, microsecond=0)
    brand.cursors.filter(feed="dms").update(complete_to=today)
    told = look()
    assert "Connected complete to 00:00:03" in told
    assert "all that X shows us of them: the newest 800." in told
    assert told.endswith("[for good]")


def all_done(brand: BrandAccount) -> None:
    for feed in FEEDS:
        fetch(brand, feed, fetched=10, done_at=timezone.now())


def test_what_came_before_a_reconnect_is_being_fetched(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    all_done(brand)
    Connection.objects.update(connected_at=timezone.now())
    told = look()
    assert "Fetching what came meanwhile" in told
    assert told.endswith("[again in 2 s]")
    brand.cursors.update(polled_at=timezone.now())
    assert "complete to" in look()


def test_what_came_before_a_reconnect_waits_for_the_quota(
    brand: BrandAccount, look: Callable[[], str], client: Browser
) -> None:
    all_done(brand)
    soon = timezone.now() + timedelta(minutes=4)
    Connection.objects.update(connected_at=timezone.now())
    brand.cursors.exclude(feed="dms").update(polled_at=timezone.now())
    brand.cursors.filter(feed="dms").update(is_limited=True, due_at=soon)
    told, until = look(), timezone.localtime(soon).strftime("%H:%M")
    assert f"Waits for X’s quota until {until}" in told
    assert told.endswith("[again in 10 s]")
    Connection.objects.update(set_up_due_at=None)
    assert "All set" not in client.get(f"/handles/@{brand.handle}/").text


def test_check_again_makes_every_feed_due(
    brand: BrandAccount, look: Callable[[], str], client: Browser
) -> None:
    all_done(brand)
    brand.cursors.update(due_at=timezone.now() + timedelta(minutes=9))
    look()
    client.post(f"/handles/@{brand.handle}/check/")
    assert brand.cursors.filter(due_at__lte=timezone.now()).count() == len(FEEDS)


def test_a_handle_without_a_past_is_told_that_x_has_none(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    for feed in FEEDS:
        fetch(brand, feed, done_at=timezone.now())
    assert look().count("X has none.") == 3


def test_a_consent_taken_back_in_the_middle_stands_still_until_a_reconnect(
    brand: BrandAccount, look: Callable[[], str]
) -> None:
    fetch(brand, "dms", fetched=100)
    BrandAccount.objects.update(status="needs_reconnect")
    told = look()
    assert "Stands still goes on after you reconnect" in told
    assert told.endswith("[for good]")


def test_what_becomes_of_old_messages_is_said(brand: BrandAccount, look: Callable[[], str]) -> None:
    assert "as resolved" not in look()
    BrandAccount.objects.update(answers_since=datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert "Whoever wrote after Sun 15 Nov 2026, 12:00" in look()


def test_a_handle_from_before_shows_no_progress(
    brand: BrandAccount, client: Browser, olga: User, sign_in: Callable[..., Browser]
) -> None:
    brand.cursors.update(newest_id="9", polled_at=timezone.now(), complete_to=timezone.now())
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").text
    assert "progress-title" not in page
    assert "complete to" in page


def test_while_it_is_being_set_up_nothing_is_called_a_problem(
    brand: BrandAccount, client: Browser, olga: User, sign_in: Callable[..., Browser]
) -> None:
    browser = sign_in(client, olga)
    Connection.objects.update(set_up_due_at=timezone.now() + timedelta(minutes=1))
    page = browser.get(f"/handles/@{brand.handle}/").text
    assert "Being set up" in page
    assert "Being registered at X." in page
    assert "checklist-problem" not in page
    Connection.objects.update(set_up_due_at=None)
    assert "checklist-problem" in browser.get(f"/handles/@{brand.handle}/").text


def test_the_bar_is_one_for_everybody(
    brand: BrandAccount, client: Browser, olga: User, sign_in: Callable[..., Browser]
) -> None:
    fetch(brand, "mentions", fetched=320)
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").text
    assert re.search(
        r'<progress class="progress" max="800" value="320" aria-labelledby="progress-mentions">',
        page,
    )
