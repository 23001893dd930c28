"""axe finds nothing on any page, light and dark, on a desk and on a phone (WCAG 2.2 AA)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, WIDE, axe

PAGES = (
    ("", "/sign-in/"),
    ("", "/password/"),
    ("ana", "/desk/?view=open"),
    ("ana", "/desk/?view=snoozed"),
    ("sam", "CONVERSATION"),
    ("ana", "/profile/"),
    ("ada", "/people/"),
    ("ada", "/people/invite/"),
    ("ada", "/teams/"),
    ("olga", "/people/"),
    ("olga", "/desk/"),
    ("ana", "/no/such/page/"),
)
NARROW = ("/sign-in/", "/desk/?view=open", "CONVERSATION", "/people/")


@pytest.fixture(scope="module")
def conversation(stack, ids):
    """Shown in all its colours: both threads, a note, a failure; the address of it."""
    stack.tell_x("posts", author_id=ids["greta"], text="@acme an axe to grind, in public")
    stack.tell_x("dms", sender_id=ids["greta"], recipient_id=ids["acme"], text="An axe, privately")
    return stack.manage("-m", "tests.browser.colours").strip().splitlines()[-1]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing(windows, conversation, size):
    found = {}
    pages = [page for page in PAGES if size is WIDE or page[1] in NARROW]
    people = {who for who, _ in pages}
    # axe brings a style sheet of its own, which our policy would refuse.
    tabs = {who: windows.context(who, viewport=size, bypass_csp=True).new_page() for who in people}
    for who, address in pages:
        page = tabs[who]
        page.emulate_media(color_scheme="light")
        page.goto(windows.stack.web + address.replace("CONVERSATION", conversation))
        expect(page.locator("main")).to_be_visible()
        found[f"{address} light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        found[f"{address} dark"] = axe(page, ["color-contrast"])
    assert not {where: what for where, what in found.items() if what}


def test_the_composer_leads_to_what_waits_for_a_decision(windows, conversation):
    desk = windows.open(conversation, "sam")
    desk.get_by_role("button", name="Show the first").click()
    refused = desk.locator(".message-failed").first
    expect(refused).to_be_focused()
    expect(refused).to_be_in_viewport()
