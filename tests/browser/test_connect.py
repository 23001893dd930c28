"""An admin connects a handle in a real browser: our page, X's page, our checklist."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, axe


def test_a_handle_is_connected_through_x(windows, stack):
    stack.tell_x("users", users=[{"username": "larkwing", "name": "Larkwing Air", "brand": True}])
    page = windows.open("/handles/", "ada")
    page.get_by_role("link", name="Connect a handle").click()
    page.get_by_role("button", name="Go on to X").click()

    page.get_by_test_id("consent-larkwing").check()
    page.get_by_test_id("consent-approve").click()

    expect(page).to_have_url(f"{stack.web}/handles/@larkwing/")
    checklist = page.locator("#checklist")
    expect(checklist).to_contain_text("All set")
    expect(checklist).to_contain_text("6 of 6 subscriptions")
    expect(checklist).to_contain_text("Yes, as seen from another of your handles.")


def test_a_switch_on_x_is_seen_when_checked_again(windows, stack, ids):
    page = windows.open("/handles/@acme/", "ada")
    button = page.get_by_role("button", name="Check again")
    closed = {"id": ids["acme"], "username": "acme", "brand": True, "receives_your_dm": False}
    stack.tell_x("users", users=[closed])
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#checklist")).to_contain_text("1 step left")
    expect(page.locator("#checklist")).to_contain_text("No, as seen from another of your handles.")
    expect(button).to_be_focused()

    stack.tell_x("users", users=[closed | {"receives_your_dm": True}])
    page.keyboard.press("Enter")
    expect(page.locator("#checklist")).to_contain_text("All set")


def test_a_no_on_x_leads_back_to_a_page_that_helps(windows):
    page = windows.open("/handles/connect/", "ada")
    page.get_by_role("button", name="Go on to X").click()
    page.get_by_test_id("consent-deny").click()
    expect(page.get_by_role("alert")).to_contain_text("access was not given")
    page.get_by_role("link", name="Start again").click()
    expect(page).to_have_url(re.compile("/handles/connect/$"))


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_pages_of_handles(windows, size):
    found = {}
    # axe brings a style sheet of its own, which our policy would refuse.
    context = windows.context("ada", viewport=size, bypass_csp=True)
    for address in ("/handles/", "/handles/connect/", "/handles/@acme/", "/handles/callback/"):
        page = context.new_page()
        page.goto(windows.stack.web + address)
        found[f"{address} light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        found[f"{address} dark"] = axe(page, ["color-contrast"])
        page.close()
    assert not {where: what for where, what in found.items() if what}
