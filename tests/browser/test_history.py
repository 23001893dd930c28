"""A handle comes with a past: from X's yes to "complete", as its admin sees it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from inbox.sequence import sequence_at
from tests.browser.conftest import PHONE, axe

# More than X lets history read in a quarter of an hour.
MESSAGES, MENTIONS = 1_020, 40
A_QUARTER_OF_AN_HOUR_LATER = """
from django.utils import timezone
from twitter_sync.models import Backfill, RateBudget
RateBudget.objects.update(resets_at=timezone.now())
Backfill.objects.unfinished().update(due_at=timezone.now())
"""


def give_a_past(stack, ids):
    told = {"username": "harbourline", "name": "Harbour Line", "brand": True}
    brand = stack.tell_x("users", users=[told])["users"][0]["id"]
    now = datetime.now(UTC)
    dms = [
        {
            "id": str(sequence_at(now - timedelta(minutes=30 * n)) + n),
            "sender_id": ids[("carla", "piet", "rosa")[n % 3]],
            "recipient_id": brand,
            "text": f"Where is my parcel? No. {n}",
        }
        for n in range(1, MESSAGES + 1)
    ]
    posts = [
        {
            "id": str(sequence_at(now - timedelta(hours=n)) + n),
            "author_id": ids["greta"],
            "text": f"@harbourline the ferry is late again, day {n}",
        }
        for n in range(1, MENTIONS + 1)
    ]
    stack.tell_x("load", dms=dms, posts=posts)


@pytest.mark.deep
def test_a_past_comes_in_while_work_begins(windows, stack, ids):
    give_a_past(stack, ids)
    page = windows.open("/handles/connect/", "ada")
    page.get_by_role("button", name="Go on to X").click()
    page.get_by_test_id("consent-harbourline").check()
    page.get_by_test_id("consent-approve").click()

    progress = page.get_by_role("region", name="What was said before")
    bar = progress.get_by_role("progressbar", name="Direct messages")
    expect(page).to_have_url(f"{stack.web}/handles/@harbourline/")
    expect(progress).to_contain_text("work can begin")
    expect(page.locator("#checklist")).to_contain_text("6 of 6 subscriptions")

    # X's quota ends first; what came is at work already.
    expect(progress).to_contain_text("X’s quota is used up; goes on at")
    assert 0 < bar.evaluate("bar => bar.position") < 1
    expect(progress.get_by_role("progressbar", name="Mentions")).to_have_js_property("position", 1)
    desk = windows.open("/desk/", "ada")
    expect(desk.locator("#list-scroll")).to_contain_text("Where is my parcel? No.")
    assert not axe(windows.open("/handles/@harbourline/", "ada", bypass_csp=True))

    # A reload finds everything where it was.
    fetched = progress.locator(".progress-amount").first
    expect(fetched).to_have_text(re.compile(r"9\d\d fetched"))
    page.reload()
    expect(fetched).to_have_text(re.compile(r"9\d\d fetched"))

    # X's next window: it goes on by itself, and the page stops asking when it is over.
    stack.tell_x("quotas", lifted=True)
    stack.manage("manage.py", "shell", "-c", A_QUARTER_OF_AN_HOUR_LATER)
    status = progress.get_by_role("status")
    expect(status).to_have_text(re.compile(r"Connected\s+complete to \d\d:\d\d:\d\d"))
    expect(progress).to_contain_text("1,060 fetched, 1,060 sorted into conversations.")
    expect(bar).to_have_js_property("position", 1)
    expect(page.locator("#checklist")).not_to_have_attribute("hx-trigger", re.compile("."))
    assert not axe(windows.open("/handles/@harbourline/", "ada", bypass_csp=True, viewport=PHONE))
    stack.tell_x("quotas", lifted=False)
