"""What stops a reply, at an agent's desk: asked before it is typed, or before it is sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, axe
from tests.stack import until

PRIVATE, PUBLIC, NOTE = "Private to hana 7788", "Said to everybody", "Between us: she is right"
# Clicks as fast as a machine can: every switch asks, since something is written everywhere.
SWITCH = """times => {
  const tabs = [...document.querySelectorAll(".composer-tab")]
  for (let number = 0; number < times; number++) {
    tabs[number % tabs.length].click()
    const question = document.querySelector("#composer-question:not([hidden])")
    question?.querySelector("[data-action='composer#leave']").click()
  }
}"""


@pytest.fixture
def hana(somebody) -> str:
    """Her id on X."""
    return somebody("hana", name="Hana Hesitant")


def looks_right(desk: Page) -> None:
    for size in (WIDE, PHONE):
        desk.set_viewport_size(size)
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            desk.emulate_media(color_scheme=scheme)
            assert (axe(desk, rules) if rules else axe(desk)) == []
    desk.emulate_media(color_scheme="light")
    desk.set_viewport_size(WIDE)


def test_a_reply_is_stopped_before_it_does_harm(windows, stack, ids, hana):
    stack.tell_x("dms", sender_id=hana, recipient_id=ids["acme"], text="My order is 4711-0815")
    desk = windows.open("/desk/?view=open", "sam", bypass_csp=True)
    desk.get_by_role("link", name="My order is 4711-0815").click()
    private = desk.get_by_label(re.compile("^Private message to @hana"))
    expect(private).to_be_visible()
    stack.tell_x("posts", author_id=hana, text="@acme hello? Anybody there?")
    expect(desk.locator("#timeline")).to_contain_text("Anybody there?")

    # Whoever leaves something unsent is asked; nothing of it comes along.
    private.fill(PRIVATE)
    question = desk.get_by_role("alertdialog")
    desk.get_by_role("tab", name="Public reply").click()
    expect(question).to_contain_text("Your private message isn’t sent.")
    expect(question.get_by_role("button", name="Keep writing")).to_be_focused()
    looks_right(desk)
    desk.keyboard.press("Escape")
    expect(private).to_be_focused()
    desk.get_by_role("tab", name="Public reply").click()
    question.get_by_role("button", name="Leave it there").click()
    public = desk.get_by_label(re.compile("^Public reply to @hana"))
    expect(public).to_be_focused()
    expect(public).to_have_value("")

    # Three drafts, a hundred switches (trust G9).
    public.fill(PUBLIC)
    desk.get_by_role("tab", name="Note").click()
    question.get_by_role("button", name="Leave it there").click()
    note = desk.get_by_label("Note for your team")
    note.fill(NOTE)
    desk.evaluate(SWITCH, 100)
    for text, words in ((private, PRIVATE), (public, PUBLIC), (note, NOTE)):
        expect(text).to_have_value(words)
    desk.reload()
    for text, words in ((private, PRIVATE), (public, PUBLIC), (note, NOTE)):
        expect(text).to_have_value(words)

    # What she only wrote in private is stopped in public, and shown where.
    expect(public).to_be_visible()
    public.fill("Order 47110815 is on its way")
    desk.get_by_role("button", name="Post publicly as @acme").click()
    alert = desk.get_by_role("alert")
    expect(alert.locator("mark")).to_have_text("47110815")
    expect(public).to_have_value("Order 47110815 is on its way")
    looks_right(desk)
    public.fill("Your order 47110815 is on its way")
    expect(alert).to_be_visible()
    public.fill(PUBLIC)
    expect(alert).to_have_count(0)
    desk.get_by_role("button", name="Post publicly as @acme").click()
    expect(desk.locator(".message-public.message-ours")).to_contain_text("Sent")

    desk.get_by_role("tab", name="Private message").click()
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    expect(desk.locator(".message-dm.message-ours")).to_contain_text("Sent")
    until(lambda: told(stack) == ([PRIVATE], [PUBLIC]), within=30)


def told(stack) -> tuple[list[str], list[str]]:
    """Which of the drafts X has: in private, in public."""
    ledger = stack.ask_x("ledger")
    dms, posts = [[one["text"] for one in ledger[kind]] for kind in ("dms", "posts")]
    return within(dms), within(posts)


def within(texts: list[str]) -> list[str]:
    return [draft for text in texts for draft in (PRIVATE, PUBLIC, NOTE) if draft in text]
