"""What is too long for one post is shown as several, and accepted by sending; a private message
takes what X takes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, RULES, axe
from tests.browser.test_enclosures import GREEN, attach, drawing, file, remove
from tests.stack import until

LONG = " ".join(f"{number}. We looked into it, and it left on Monday." for number in range(8))


def test_a_long_public_answer_is_shown_as_posts_and_sent_as_those(windows, writes, stack, ids):
    writes("rosa", "in public and at length", public=True)
    desk = windows.open("/desk/?view=open", "ana", bypass_csp=True, reduced_motion="reduce")
    desk.get_by_role("link", name="in public and at length").click()
    text = desk.get_by_label(re.compile("^Public reply to @"))
    text.fill(LONG)
    preview = desk.get_by_role("region", name="Preview of 2 posts")
    expect(preview.get_by_role("listitem")).to_have_text([re.compile("1/2$"), re.compile("2/2$")])
    expect(desk.locator(".composer-public .composer-count")).to_contain_text("over one post")
    shown = preview.get_by_role("listitem").all_inner_texts()
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        desk.emulate_media(color_scheme=scheme)
        found = axe(desk, rules)
        assert found == [], found

    # What fits again is one post again.
    text.fill("Sorry!")
    expect(preview).to_have_count(0)
    expect(desk.get_by_role("button", name="Post publicly as @acme")).to_be_visible()

    text.fill(LONG)
    button = desk.get_by_role("button", name="Post 2 publicly as @acme")
    cut_off = "button => [button, ...button.children].some(it => it.scrollWidth > it.clientWidth)"
    assert not button.evaluate(cut_off)
    button.click()
    expect(text).to_have_value("")
    expect(preview).to_have_count(0)
    expect(desk.locator(".message-ours", has_text="Post 1 of 2")).to_contain_text("Sent")
    last = desk.locator(".message-ours", has_text="Post 2 of 2")
    expect(last).to_contain_text("Sent")

    found = axe(desk)
    assert found == [], found
    # X puts the name of whom it answers before a post.
    posts = [one for one in stack.ask_x("ledger")["posts"] if one["author_id"] == ids["acme"]]
    texts = [str(one["text"]) for one in posts]
    assert [one for one in texts for words in shown if one.endswith(words)] == texts[-2:], texts


def test_one_that_no_chain_holds_says_so_once_whether_sent_or_not(windows, writes):
    writes("greta", "in public and without an end", public=True)
    desk = windows.open("/desk/?view=open", "ana")
    desk.get_by_role("link", name="in public and without an end").click()
    text = desk.get_by_label(re.compile("^Public reply to @"))
    trouble = desk.get_by_text("10 posts can’t hold it").locator("visible=true")
    text.fill("word " * 1_000)
    expect(trouble).to_have_count(1)
    expect(trouble).to_contain_text("This is 4,999 of 280")
    desk.get_by_role("button", name="Post publicly as @acme").click()
    expect(desk.locator("[data-refusal]")).to_be_visible()
    expect(trouble).to_have_count(1)
    # Nothing that was said of other words stays.
    text.fill("word " * 1_100)
    expect(trouble).to_contain_text("This is 5,499 of 280")
    expect(trouble).to_have_count(1)
    text.fill("Sorry!")
    expect(trouble).to_have_count(0)
    text.fill("")


def test_the_counter_of_a_private_message_goes_to_ten_thousand(windows, writes, stack, ids):
    writes("piet", "a long private answer, please")
    desk = windows.open("/desk/?view=open", "ben")
    desk.get_by_role("link", name="a long private answer, please").click()
    text = desk.get_by_label(re.compile("^Private message to @"))
    count = desk.locator(".composer-dm .composer-count")
    words = ("Ünïcödé 字 👍 " * 1_000)[:9_999] + "."
    text.fill(words + "!")
    expect(count).to_have_text("1 too many")
    text.fill(words)
    expect(count).to_have_text("0 left")
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    expect(text).to_have_value("")
    until(lambda: any(one["text"] == words for one in stack.ask_x("ledger")["dms"]), within=30)


def test_however_long_it_is_the_way_to_send_is_in_sight(windows, writes):
    writes("rosa", "at length and on the road", public=True)
    desk = windows.open("/desk/?view=open", "ana", viewport=PHONE)
    desk.get_by_role("link", name="at length and on the road").click()
    desk.get_by_label(re.compile("^Public reply to @")).fill(f"{LONG} {LONG} {LONG}")
    preview = desk.get_by_role("region", name=re.compile("^Preview of"))
    button = desk.get_by_role("button", name=re.compile(r"^Post \d publicly as @acme"))
    expect(preview).to_be_attached()
    attach(desk, file("front.png", drawing(GREEN)))
    expect(remove(desk, "front.png")).to_be_attached()
    expect(button).to_be_in_viewport(ratio=1)
    desk.locator("#composer").hover()
    desk.mouse.wheel(0, 4000)
    expect(button).to_be_in_viewport(ratio=1)
    remove(desk, "front.png").click()
    desk.get_by_label(re.compile("^Public reply to @")).fill("")
