"""Saved replies by keyboard, and conversations that are linked, at an agent's desk."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import RULES, axe, number_of, step_to
from tests.stack import until

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


def saved(windows, conversation: str, **words: str) -> None:
    """Written by Sam, who has that conversation before him; by their shortcuts."""
    manager = windows.open("/desk/?view=open", "sam")
    manager.get_by_role("link", name=conversation).click()
    expect(manager.get_by_label(re.compile("^Private message to @"))).to_be_visible()
    for shortcut, text in words.items():
        assert manager.evaluate(ADD, [shortcut, text]) == 201


def test_a_saved_reply_is_chosen_by_keyboard(windows, writes):
    writes("piet", "When is my parcel here?")
    saved(windows, "When is my parcel here?", late="It is late, sorry!")

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


def test_what_is_typed_finds_a_saved_reply(windows, writes):
    writes("piet", "My box is stuck")
    saved(windows, "My box is stuck", unplug="Unplug the box.", unknown="Which box is it?")
    desk = windows.open("/desk/?view=open", "ana")
    desk.get_by_role("link", name="My box is stuck").click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    unplug = desk.get_by_role("button", name="/unplug Unplug the box.")
    unknown = desk.get_by_role("button", name="/unknown Which box is it?")

    text.focus()
    desk.keyboard.type("/unp")
    expect(unplug).to_be_focused()
    expect(unknown).to_be_hidden()
    expect(desk.get_by_text("/unp", exact=True)).to_be_visible()
    desk.keyboard.press("Backspace")
    expect(unknown).to_be_focused()
    expect(unplug).to_be_visible()
    desk.keyboard.type("plug")
    desk.keyboard.press("Enter")
    expect(text).to_have_value("Unplug the box.")
    expect(text).to_be_focused()

    # Opened by its button, and left by a click elsewhere.
    text.fill("")
    desk.get_by_role("button", name="Saved", exact=True).click()
    expect(desk.locator(".menu:popover-open .menu-item:focus")).to_have_count(1)
    desk.keyboard.type("unk")
    expect(unknown).to_be_focused()
    desk.locator("#timeline").click(position={"x": 8, "y": 8})
    expect(unknown).to_be_hidden()
    expect(text).to_have_value("unk")

    # Where none begins with it, those that have it somewhere.
    text.fill("")
    desk.keyboard.type("/KNOWN")
    expect(unknown).to_be_focused()
    desk.keyboard.press("Enter")
    expect(text).to_have_value("Which box is it?")


def test_what_finds_no_saved_reply_is_not_lost(windows, writes):
    writes("piet", "My box is broken")
    saved(windows, "My box is broken", replace="We replace the box.")
    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True)
    desk.get_by_role("link", name="My box is broken").click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    item = desk.get_by_role("button", name="/replace We replace the box.")
    nothing = desk.get_by_text("No saved reply called /zzz", exact=True)

    text.focus()
    desk.keyboard.type("/zzz")
    expect(nothing).to_be_visible()
    expect(nothing).to_have_attribute("role", "status")
    looks_right(desk)
    desk.keyboard.press("Enter")
    expect(nothing).to_be_visible()
    expect(text).to_have_value("")
    desk.keyboard.press("Escape")
    expect(nothing).to_be_hidden()
    expect(text).to_be_focused()
    expect(text).to_have_value("/zzz")

    # So a stroke can be written, and whatever begins with one.
    for typed, written in (("//2", "/2"), ("/zzz and so on", "/zzz and so on")):
        text.fill("")
        desk.keyboard.type(typed)
        expect(text).to_have_value(written)
        expect(item).to_be_hidden()
    text.fill("")
    desk.keyboard.press("/")
    expect(item).to_be_visible()
    desk.keyboard.press("Escape")
    expect(text).to_have_value("/")


def test_where_nothing_is_saved_a_stroke_is_a_stroke(windows, writes):
    writes("piet", "Half or whole?", to="globex")
    desk = windows.open("/desk/?view=open", "zoe")
    desk.get_by_role("link", name="Half or whole?").click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    text.focus()
    desk.keyboard.type("/2")
    expect(text).to_have_value("/2")


def test_it_is_counted_with_the_reply_that_it_began(windows, writes, somebody):
    asked = f"Where is parcel {somebody('piet')}?"
    writes("piet", asked)
    saved(windows, asked, found="It is found!")
    desk = windows.open("/desk/?view=open", "ana")
    desk.get_by_role("link", name=asked).click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    text.focus()
    desk.keyboard.press("/")
    desk.get_by_role("button", name="/found It is found!").click()
    expect(text).to_have_value("It is found!")

    held: list[Route] = []
    desk.route("**/replies/*", lambda route: held.append(route))
    text.press("Control+Enter")
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    text.press_sequentially(" And it comes today.")
    held[0].fulfill(status=500, body="broken")
    expect(desk.locator(".toast")).to_contain_text("Something broke")
    text.fill("It is found!")
    text.press("Control+Enter")
    until(lambda: held[1:] or desk.wait_for_timeout(50), within=60)
    text.press_sequentially(" And it comes today.")
    held[1].continue_()
    expect(text).to_have_value("And it comes today.")
    text.press("Control+Enter")
    until(lambda: held[2:] or desk.wait_for_timeout(50), within=60)
    held[2].continue_()
    expect(text).to_have_value("")
    first, again, rest = [sent_with(route) for route in held]
    assert first == again != ""
    assert rest == ""


def sent_with(route: Route) -> str:
    said = parse_qs(route.request.post_data, keep_blank_values=True)
    return said["saved_reply"][0]


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
