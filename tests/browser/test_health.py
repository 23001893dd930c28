"""An admin sees a handle fall ill and get well again, on pages that nobody reloads."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SIZES, axe
from tests.browser.test_running_a_handle import connect, made

ADDRESSES = ("/handles/", "/handles/@acme/health/", "/handles/costs/")


@pytest.mark.deep
def test_a_handle_that_x_takes_back_says_so_everywhere_and_is_well_again(windows, stack):
    admin, x_id = made(windows, stack, "coldharbour")
    admin.get_by_role("link", name="Health").click()
    health = admin.locator("#health")
    expect(health).to_contain_text("All is well.")
    expect(health).to_contain_text("6 of 6 subscribed")
    desk = windows.open("/desk/?view=open", "ada")

    stack.tell_x("revoke", user_id=x_id)
    expect(health).to_contain_text("Must be reconnected")
    expect(desk.locator(".lost-handle")).to_contain_text("@coldharbour must be reconnected")
    mails = windows.open("/mailbox/", "olga")
    expect(mails.get_by_role("heading", name="@coldharbour must be reconnected")).to_be_visible()
    handles = windows.open("/handles/", "ada")
    row = handles.get_by_role("row").filter(has_text="@coldharbour")
    expect(row.get_by_role("link", name="Must be reconnected")).to_be_visible()

    handles.locator(".lost-handle").get_by_role("link").click()
    connect(handles, "coldharbour")
    expect(desk.locator(".lost-handle")).to_have_count(0)
    expect(health).to_contain_text("All is well.")


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_pages_of_health_and_costs(windows, stack, size):
    """With a handle lost, so that the banner is on each."""
    found = {}
    handle = f"axe{size['width']}"
    _, x_id = made(windows, stack, handle)
    stack.tell_x("revoke", user_id=x_id)
    # axe brings a style sheet of its own, which our policy would refuse, and would measure colours
    # half-way from light to dark.
    options = {"viewport": size, "bypass_csp": True}
    page = windows.context("olga", **options).new_page()
    page.goto(windows.stack.web + "/handles/")
    for address in (*ADDRESSES, f"/handles/@{handle}/health/"):
        page.emulate_media(color_scheme="light")
        page.goto(windows.stack.web + address)
        expect(page.locator("main")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{address} is {wide} wide"
        found[f"{address} light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        found[f"{address} dark"] = axe(page, ["color-contrast"])
    assert not {where: what for where, what in found.items() if what}
