"""Saved replies by keyboard, and conversations that are linked, at an agent's desk."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import RULES, axe, number_of, step_to

ADD = """async ([shortcut, text]) => {
  const form = document.querySelector("[data-saved-replies-address-value]")
  const [address] = form.dataset.savedRepliesAddressValue.split("?")
  const headers = JSON.parse(document.body.getAttribute("hx-headers"))
  const body = new URLSearchParams({ shortcut, text, kind: "dm" })
  return (await fetch(address, { method: "POST", headers, body })).status
}"""


def looks_right(desk: Page) -> None:
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        desk.emulate_media(color_scheme=scheme)
        found = axe(desk, rules)
        assert found == [], found


def test_a_saved_reply_is_chosen_by_keyboard(windows, writes):
    writes("piet", "When is my parcel here?")
    manager = windows.open("/desk/?view=open", "sam")
    manager.get_by_role("link", name="When is my parcel here?").click()
    expect(manager.get_by_label(re.compile("^Private message to @"))).to_be_visible()
    assert manager.evaluate(ADD, ["late", "It is late, sorry!"]) == 201

    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True)
    desk.get_by_role("link", name="When is my parcel here?").click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    text.focus()
    desk.keyboard.press("/")
    item = desk.get_by_role("button", name="/late It is late, sorry!")
    expect(item).to_be_visible()
    step_to(item, "ArrowDown")
    looks_right(desk)
    desk.keyboard.press("Enter")
    expect(text).to_have_value("It is late, sorry!")
    expect(text).to_be_focused()
    expect(item).to_be_hidden()

    # In a text that is begun, a stroke is a stroke.
    desk.keyboard.type(" 24/7")
    expect(text).to_have_value("It is late, sorry! 24/7")
    expect(item).to_be_hidden()
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    expect(text).to_have_value("")


def test_two_conversations_are_linked_and_unlinked_again(windows, writes):
    writes("rosa", "My sister wrote, too")
    writes("piet", "My brother wrote, too")
    desk = windows.open("/desk/?view=open", "ben", bypass_csp=True)
    desk.get_by_role("link", name="My sister wrote, too").click()
    expect(desk.locator("#timeline")).to_contain_text("My sister wrote, too")
    other = number_of(desk)
    desk.get_by_role("link", name="My brother wrote, too").click()
    expect(desk.locator("#timeline")).to_contain_text("My brother wrote, too")
    links = desk.get_by_role("region", name="Belongs together")
    links.get_by_label("Number of the other conversation").fill(f"#{other}")
    links.get_by_role("button", name="Link").click()
    expect(desk.locator("#timeline")).to_contain_text(f"linked it with #{other}")
    looks_right(desk)
    links.get_by_role("button", name=f"Unlink #{other}").click()
    expect(links.get_by_role("link")).to_have_count(0)
