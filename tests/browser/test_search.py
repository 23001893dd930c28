"""Search under an agent's hands: by keyboard, without reloads, and back again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, axe


def test_a_search_is_one_key_away_and_esc_leads_back(windows, writes):
    writes("rosa", "The zeppelin I ordered has a hole <b>in it</b>")
    writes("greta", "What a lovely zeppelin!", public=True)
    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True)
    expect(desk.locator("#list")).to_contain_text("lovely zeppelin")
    expect(desk.locator("#list")).to_contain_text("The zeppelin I ordered")
    desk.keyboard.press("/")
    box = desk.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("zeppelin")
    box.press("Enter")
    expect(desk.locator(".hit mark")).to_have_count(2)
    expect(desk.get_by_role("heading", name="Search")).to_be_visible()
    assert desk.url.endswith("/desk/search/?view=open&q=zeppelin")
    # The first result has the focus; J goes on, Enter opens it at the message that matched.
    expect(desk.locator(".row-link").first).to_be_focused()
    assert not axe(desk)
    desk.emulate_media(color_scheme="dark")
    assert not axe(desk, ["color-contrast"])
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    named = desk.locator(".message", has_text="has a hole <b>in it</b>")
    expect(named).to_be_focused()
    assert re.search(r"/conversations/\d+/\?view=open&q=zeppelin#message-\d+$", desk.url)
    # What arrives meanwhile moves no result. Another desk shows it before this one is looked at.
    other = windows.open("/desk/?view=open", "ben")
    writes("xavier", "Another zeppelin, just now")
    expect(other.locator("#list")).to_contain_text("Another zeppelin, just now")
    expect(desk.locator(".hit")).to_have_count(2)
    desk.go_back()
    expect(desk).to_have_url(re.compile(r"/desk/search/\?view=open&q=zeppelin$"))
    desk.reload()
    expect(desk.locator(".hit")).to_have_count(3)
    desk.keyboard.press("j")
    desk.keyboard.press("Escape")
    expect(desk.locator("#list-count")).to_be_visible()
    expect(desk.locator(".hit")).to_have_count(0)
    assert desk.url.endswith("/desk/?view=open")
    desk.go_back()
    expect(desk.locator(".hit")).to_have_count(3)


def test_it_works_without_scripts(windows, writes):
    writes("piet", "My unicycle squeaks")
    desk = windows.open("/desk/?view=open", "ana", java_script_enabled=False, viewport=PHONE)
    desk.get_by_role("searchbox").fill("unicycle")
    desk.get_by_role("searchbox").press("Enter")
    expect(desk.locator(".hit mark")).to_have_text("unicycle")
    desk.locator(".hit .row-link").click()
    expect(desk.locator("#timeline")).to_contain_text("My unicycle squeaks")
