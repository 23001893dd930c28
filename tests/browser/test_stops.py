"""Every way in which a reply is stopped, as an agent sees it, with pictures of each.

HANDLED_PICTURES names a folder that keeps the pictures.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, WIDE, axe
from tests.browser.stops import ALIKE, POSTED

pytestmark = pytest.mark.deep

PERSONAL = (
    "Order 47110815, mail lena@example.com, card 4111 1111 1111 1111, "
    "IBAN DE89370400440532013000, call +49 30 901820"
)
# What each wrote: privately, in public.
WROTE = {
    "leaky": ("My order is 4711-0815", "@acme hello? Anybody there?"),
    "gated": ("", "@acme never mind"),
    "sealed": ("Between us", ""),
    "refused": ("Where is it?", ""),
    "blocked": ("You are all fools", ""),
    "silent": ("STOP", ""),
    "sold": ("Thanks, it works", ""),
    "linked": ("Thanks, it works", ""),
    "capped": ("Thanks, it works", ""),
    "alike": ("Thanks, it works", ""),
    "unasked": ("", "@acme my line is dead"),
    "whispered": ("It really is", "@acme my line is dead"),
    "same": ("", "@acme my line is dead, too"),
    "news": ("My parcel is late", ""),
}
# Said before a word is typed: on which path, what, and the way that does work.
BEFORE = {
    "gated": ("public", "X takes no answer to this post", "Open in X"),
    "sealed": ("dm", "This person writes to you encrypted", "Open in X"),
    "refused": ("dm", "X refused the last private message", "Open in X"),
    "blocked": ("dm", "Blocked — unblock to write.", "A manager can unblock."),
    "silent": ("dm", "They hear nothing until they write again.", "Open in X"),
}
# Said of what was typed: on which path, the words, why they stop, and the way on.
AFTER = {
    "leaky": ("public", PERSONAL, "Everyone would read", "A manager can send it with a reason."),
    "sold": ("dm", "Voucher SAVE20, today only", "would be advertising", "with a reason"),
    "linked": ("dm", "See https://elsewhere.com/x", "links to elsewhere.com", "reason"),
    "capped": ("dm", "Hello again", "5 messages in a day are enough", "with a reason"),
    "alike": ("dm", ALIKE, "the same words went to several others", "with a reason"),
    "unasked": ("dm", "Hello again", "neither written privately nor been invited", "with a reason"),
    "whispered": ("dm", "We will call you", "everyone sees that nobody answered", "Send anyway"),
    "same": ("public", POSTED, "The same words were posted", "Post anyway"),
}


@pytest.fixture(scope="module")
def places(stack, ids) -> dict[str, str]:
    """Where the desk shows each."""
    people = [{"username": name, "name": name.title()} for name in WROTE]
    made = stack.tell_x("users", users=people)["users"]
    known = {one["username"]: str(one["id"]) for one in made}
    for name, (private, public) in WROTE.items():
        if public:
            stack.tell_x("posts", author_id=known[name], text=public)
        if private:
            stack.tell_x("dms", sender_id=known[name], recipient_id=ids["acme"], text=private)
    # She was written to from X itself and has not answered there.
    hers = known["unasked"]
    stack.tell_x("dms", sender_id=ids["acme"], recipient_id=hers, text="Hello")
    told = stack.manage("-m", "tests.browser.stops", json.dumps(known))
    found: dict[str, str] = json.loads(told.strip().splitlines()[-1])
    return found


@pytest.fixture
def pictured(tmp_path):
    """`pictured(desk, "leaky")`: axe finds nothing, and a picture is taken, light and dark."""
    folder = Path(os.environ.get("HANDLED_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def pictured(desk: Page, name: str) -> None:
        for width, size in (("wide", WIDE), ("phone", PHONE)):
            desk.set_viewport_size(size)
            for scheme in ("light", "dark"):
                desk.emulate_media(color_scheme=scheme)
                assert axe(desk) == []
                desk.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
        desk.set_viewport_size(WIDE)

    return pictured


def path_of(desk: Page, kind: str) -> Locator:
    """Its panel, opened."""
    name = "Public reply" if kind == "public" else "Private message"
    desk.get_by_role("tab", name=name).first.click()
    return desk.locator(".composer [role=tabpanel]:not([hidden])")


@pytest.mark.parametrize("name", BEFORE)
def test_it_is_said_before_a_word_is_typed(windows, places, pictured, name):
    kind, why, way = BEFORE[name]
    desk = windows.open(places[name], "ana", bypass_csp=True)
    panel = path_of(desk, kind)
    expect(panel).to_contain_text(why)
    expect(panel).to_contain_text(way)
    pictured(desk, name)


@pytest.mark.parametrize("name", AFTER)
def test_it_is_said_of_what_was_typed_which_stays(windows, places, pictured, name):
    kind, words, why, way = AFTER[name]
    desk = windows.open(places[name], "ana", bypass_csp=True)
    panel = path_of(desk, kind)
    text = panel.locator("textarea")
    text.fill(words)
    panel.get_by_role("button", name=re.compile("^(Post publicly|Send privately)")).click()
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text(why)
    expect(alert).to_contain_text(way)
    expect(text).to_have_value(words)
    pictured(desk, name)


def test_a_manager_is_asked_why(windows, places, pictured):
    desk = windows.open(places["leaky"], "sam", bypass_csp=True)
    panel = path_of(desk, "public")
    panel.locator("textarea").fill(PERSONAL)
    panel.get_by_role("button", name=re.compile("^Post publicly")).click()
    alert = panel.get_by_role("alert")
    expect(alert.locator("mark")).to_have_count(5)
    expect(alert.get_by_label("Why it is sent nevertheless")).to_be_visible()
    pictured(desk, "leaky-manager")


def test_news_pause_a_reply_that_was_begun_before(windows, places, pictured, stack, ids):
    desk = windows.open(places["news"], "ana", bypass_csp=True)
    panel = path_of(desk, "dm")
    text = panel.locator("textarea")
    text.fill("It comes tomorrow")
    them = next(one for one in stack.ask_x("ledger")["dms"] if one["text"] == WROTE["news"][0])
    late = {"sender_id": them["sender_id"], "recipient_id": ids["acme"]}
    stack.tell_x("dms", text="Forget it, it is here", **late)
    expect(desk.locator("#timeline")).to_contain_text("Forget it, it is here")
    panel.get_by_role("button", name=re.compile("^Send privately")).click()
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text("The customer wrote since you began. Nothing was sent yet.")
    expect(alert.get_by_role("button", name="Review")).to_be_visible()
    expect(text).to_have_value("It comes tomorrow")
    pictured(desk, "news")


def test_who_leaves_something_unsent_is_asked(windows, places, pictured):
    desk = windows.open(places["leaky"], "ana", bypass_csp=True)
    path_of(desk, "dm").locator("textarea").fill("Not sent yet")
    desk.get_by_role("tab", name="Public reply").click()
    question = desk.get_by_role("alertdialog")
    expect(question).to_contain_text("Your private message isn’t sent.")
    pictured(desk, "question")
