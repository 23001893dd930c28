"""Managers write what the team says often, and an agent finds it at the desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, axe


def looks_right(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page, ["color-contrast"]) == []


def fits(page: Page) -> None:
    """Nothing reaches beyond the sides of the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_a_saved_reply_is_written_changed_and_removed(windows, size, request):
    shortcut = f"box-{request.node.callspec.id}"
    page = windows.open("/desk/", "sam", bypass_csp=True, viewport=size)
    page.get_by_role("link", name="Saved replies", exact=True).click()
    expect(page.get_by_role("heading", name="Saved replies", exact=True)).to_be_visible()

    page.get_by_role("link", name=re.compile("^Add")).click()
    page.get_by_label("Shortcut").fill(f"/{shortcut}")
    page.get_by_label("Words").fill("Hello {name}, which box is it?")
    page.get_by_label("Private messages", exact=True).check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".field-errors")).to_contain_text("“{name}” would be sent as it stands")
    expect(page.get_by_label("Words")).to_have_value("Hello {name}, which box is it?")
    expect(page.get_by_label("Private messages", exact=True)).to_be_checked()
    looks_right(page)
    fits(page)

    page.get_by_label("Words").fill("Which box is it?\n\nThe white one?")
    page.get_by_role("button", name="Add").click()
    row = page.get_by_role("listitem").filter(has_text=f"/{shortcut}")
    expect(row).to_contain_text("The white one?")
    expect(row).to_contain_text("Not used in 30 days")
    looks_right(page)
    fits(page)

    row.get_by_role("link", name=f"Edit /{shortcut}").click()
    page.get_by_label("Words").fill("Which of the boxes?")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Which of the boxes?")

    row.get_by_role("link", name=f"Remove /{shortcut}").click()
    expect(page.get_by_role("heading", name=f"Remove /{shortcut}?")).to_be_visible()
    looks_right(page)
    fits(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text(f"/{shortcut} is removed.")
    expect(row).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_the_second_of_two_managers_is_shown_what_the_first_wrote(windows, size, request):
    shortcut = f"two-{request.node.callspec.id}"
    sam = windows.open("/saved-replies/@acme/new/", "sam", bypass_csp=True, viewport=size)
    sam.get_by_label("Shortcut").fill(shortcut)
    sam.get_by_label("Words").fill("The first words")
    sam.get_by_role("button", name="Add").click()
    sam.get_by_role("link", name=f"Edit /{shortcut}").click()
    expect(sam.get_by_label("Words")).to_have_value("The first words")

    ada = windows.open(sam.url, "ada")
    ada.get_by_label("Words").fill("What Ada wrote")
    ada.get_by_role("button", name="Save").click()
    expect(ada.locator(".toast")).to_contain_text(f"/{shortcut} is saved.")

    sam.get_by_label("Words").fill("What Sam wrote")
    sam.get_by_role("button", name="Save").click()
    told = sam.get_by_role("alert")
    expect(told).to_contain_text("Ada Admin changed it")
    expect(told).to_contain_text("What Ada wrote")
    expect(sam.get_by_label("Words")).to_have_value("What Sam wrote")
    looks_right(sam)
    fits(sam)
    sam.get_by_role("button", name="Save").click()
    row = sam.get_by_role("listitem").filter(has_text=f"/{shortcut}")
    expect(row).to_contain_text("What Sam wrote")


def test_it_works_without_scripts(windows):
    page = windows.open("/saved-replies/@acme/new/", "sam", java_script_enabled=False)
    page.get_by_label("Shortcut").fill("plain")
    page.get_by_label("Words").fill("By hand")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Remove /plain").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text("/plain is removed.")


@pytest.mark.parametrize("size", SIZES)
def test_where_there_is_none_the_desk_and_the_page_say_who_writes_them(windows, writes, size):
    question = f"Is anybody at Globex, {size['width']} pixels wide?"
    writes("xavier", question, to="globex")
    desk = windows.open("/desk/?view=open", "zoe", bypass_csp=True, viewport=size)
    desk.get_by_role("link", name=question).click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    expect(text).to_have_value("")
    # There is nothing to choose: the key writes what it is.
    text.press("/")
    expect(text).to_have_value("/")
    text.fill("")
    desk.locator("#path-dm").get_by_role("button", name="Saved").press("Enter")
    menu = desk.locator(".menu:popover-open")
    expect(menu).to_contain_text("Its managers and admins can write some.")
    see_all = menu.get_by_role("link", name="See all")
    expect(see_all).to_be_focused()
    looks_right(desk)
    see_all.click()
    expect(desk.get_by_role("heading", name="No saved replies yet")).to_be_visible()
    looks_right(desk)
    fits(desk)
