"""From a complaint in public to a private answer and back, at an agent's desk."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, RULES, axe
from tests.stack import until


@pytest.fixture
def ivan(somebody) -> str:
    """His id on X."""
    return somebody("ivan", name="Ivan Impatient")


def said_by(stack, author: str) -> list[str]:
    """What stands on X in public from a handle, the links as they were written."""
    posts = [one for one in stack.ask_x("ledger")["posts"] if one["author_id"] == author]
    return [str(one["text"]) for one in posts]


# How far the headings and the names of a table move when it is scrolled both ways.
STAYS = """region => {
  const places = () => [
    region.querySelector("thead").getBoundingClientRect().top,
    region.querySelector("tbody th").getBoundingClientRect().left,
  ]
  const before = places()
  region.scrollBy({ top: 30, left: 30, behavior: "instant" })
  if (!region.scrollTop || !region.scrollLeft) throw new Error("it does not scroll")
  return places().map((place, number) => place - before[number])
}"""


def looks_right(desk: Page) -> None:
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        desk.emulate_media(color_scheme=scheme)
        found = axe(desk, rules)
        assert found == [], found
    desk.emulate_media(color_scheme="light")


def test_from_a_public_complaint_to_a_private_answer_and_back(windows, stack, ids, ivan):
    stack.tell_x("posts", author_id=ivan, text="@acme my parcel is lost, and nobody cares")
    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True)
    desk.get_by_role("link", name="my parcel is lost").click()
    public = desk.get_by_label(re.compile("^Public reply to @ivan"))
    expect(public).to_be_visible()

    # The invitation, by keyboard, with the words that are suggested.
    desk.get_by_label("Invite to DM").focus()
    desk.keyboard.press("Space")
    preview = desk.get_by_role("region", name="Preview")
    expect(public).to_have_value(re.compile("send us a direct message"))
    expect(preview).to_contain_text("$0.20 for a post with a link")
    public.fill("Sorry! Write to us, please.")
    expect(preview).to_contain_text("Sorry! Write to us, please.")
    link = preview.locator(".offer-link").inner_text()
    looks_right(desk)
    desk.get_by_role("button", name="Post publicly as @acme").click()
    expect(desk.locator(".message-ours")).to_contain_text("Sent")
    expect(desk.locator("#handoff")).to_contain_text("Invited by Ana Agent")
    expect(public).to_have_value("")
    expect(preview).to_be_hidden()
    until(
        lambda: any("Sorry! Write to us" in words for words in said_by(stack, ids["acme"])),
        within=30,
    )

    # What the button writes for the customer, and what he adds.
    asked = parse_qs(urlsplit(link).query)
    assert asked["recipient_id"] == [ids["acme"]]
    words = f"{asked['text'][0]} It is parcel 12"
    stack.tell_x("dms", sender_id=ivan, recipient_id=ids["acme"], text=words)
    expect(desk.locator("#timeline")).to_contain_text("It is parcel 12")
    expect(desk.locator(".toast", has_text="they wrote privately")).to_be_visible()
    expect(desk.locator("#handoff")).to_contain_text("DM arrived with the code")

    private = desk.get_by_label("Private message to @ivan")
    desk.get_by_role("tab", name="Private message").click()
    private.fill("Found it. It comes tomorrow.")
    desk.get_by_role("button", name="Send privately to @ivan").click()
    expect(desk.locator("#handoff .handoff-step-taken")).to_have_count(3)

    # The last word, where it began.
    desk.get_by_role("tab", name="Public reply").click()
    desk.get_by_label("Close in public").focus()
    desk.keyboard.press("Space")
    expect(public).to_have_value(re.compile("sorted this out by direct message"))
    looks_right(desk)
    desk.get_by_role("button", name="Post publicly as @acme").click()
    expect(desk.locator("#handoff")).to_contain_text("Closed in public")
    expect(desk.locator("#handoff .handoff-step-taken")).to_have_count(4)
    expect(desk.get_by_label("Invite to DM")).to_be_attached()

    desk.set_viewport_size(PHONE)
    looks_right(desk)

    report = windows.open("/reports/handoffs/", "sam", bypass_csp=True)
    expect(report.get_by_role("region", name="Numbers by handle")).to_contain_text("@acme")
    looks_right(report)
    report.set_viewport_size(PHONE)
    looks_right(report)
    report.set_viewport_size({"width": 390, "height": 150})
    headings, names = report.get_by_role("region", name="Numbers by handle").evaluate(STAYS)
    assert (round(headings), round(names)) == (0, 0)


def test_two_conversations_become_one_and_two_again(windows, stack, ids, ivan):
    """What was said in private is split off, merged again by the button, and that is undone."""
    stack.tell_x("posts", author_id=ivan, text="@acme the second parcel is lost, too")
    desk = windows.open("/desk/?view=open", "ben", bypass_csp=True)
    desk.get_by_role("link", name="the second parcel is lost").click()
    expect(desk.locator("#timeline")).to_contain_text("the second parcel is lost")
    stack.tell_x("dms", sender_id=ivan, recipient_id=ids["acme"], text="And about my account")
    expect(desk.locator("#timeline")).to_contain_text("And about my account")
    whole = desk.url.split("?")[0]

    private = desk.locator("#threads li", has_text="Private")
    private.get_by_role("button", name="Split off").click()
    expect(desk).not_to_have_url(re.compile(re.escape(whole)))
    expect(desk.locator("#timeline")).to_contain_text("And about my account")
    expect(desk.locator("#timeline")).not_to_contain_text("the second parcel is lost")

    desk.get_by_role("button", name="Show timeline").click()
    expect(desk.locator("#dealings")).to_contain_text("the second parcel is lost")
    looks_right(desk)

    number = whole.rstrip("/").rsplit("/")[-1]
    desk.get_by_role("button", name=f"Merge into #{number}").click()
    expect(desk).to_have_url(re.compile(re.escape(whole)))
    expect(desk.locator("#timeline")).to_contain_text("And about my account")
    desk.locator("#threads").get_by_role("button", name="Undo").click()
    expect(desk).not_to_have_url(re.compile(re.escape(whole)))
    expect(desk.locator("#timeline")).to_contain_text("And about my account")
    expect(desk.locator("#timeline")).not_to_contain_text("the second parcel is lost")
