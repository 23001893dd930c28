"""A person's page, blocking, hiding and spam, as a manager goes about it at the desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import PHONE, SIZES, axe


@pytest.fixture
def hilda(stack) -> str:
    """Somebody on X whom the tests of other files don't know; her id."""
    person = {"username": "hilda", "name": "Hilda Hailer", "description": "Sells watches.\nCheap."}
    return str(stack.tell_x("users", users=[person])["users"][0]["id"])


def hidden(stack) -> list[str]:
    return [post["id"] for post in stack.ask_x("ledger")["posts"] if post["hidden"]]


def open_row(desk: Page, words: str) -> None:
    desk.get_by_role("link", name=words).click()
    expect(desk.locator("#timeline")).to_contain_text(words)


def test_a_person_is_looked_up_blocked_and_let_in_again(windows, stack, ids, hilda):
    stack.tell_x("dms", sender_id=hilda, recipient_id=ids["acme"], text="Cheap watches here")
    desk = windows.open("/desk/?view=open", "sam")
    open_row(desk, "Cheap watches here")

    desk.locator("#open-person").click()
    expect(desk.get_by_role("heading", name="Hilda Hailer")).to_be_visible()
    expect(desk.locator("main")).to_contain_text("Sells watches.")
    expect(desk.locator("#contact-brands")).to_contain_text("@acme")
    desk.get_by_role("link", name="Cheap watches here").click()

    # By keyboard alone: the menu, its second item, the dialog's button.
    desk.get_by_role("button", name="More about this person").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#spam")).to_be_focused()
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("#block")).to_be_focused()
    desk.keyboard.press("Enter")
    dialog = desk.get_by_role("dialog", name="Block @hilda for DMs?")
    expect(dialog).to_contain_text("You can unblock at any time.")
    dialog.get_by_role("button", name="Block for DMs").press("Enter")

    expect(dialog).to_be_hidden()
    expect(desk.locator(".block-state")).to_contain_text("Blocked for DMs since")
    expect(desk.locator("#composer")).to_contain_text("Blocked — unblock to write.")
    expect(desk.get_by_label("Private message to @hilda")).to_have_count(0)
    blocks = stack.ask_x("ledger")["dm_blocks"]
    assert {"user_id": ids["acme"], "other_id": hilda} in blocks

    desk.locator("#composer").get_by_role("button", name="Unblock").click()
    expect(desk.get_by_label("Private message to @hilda")).to_be_visible()
    expect(desk.locator(".block-state")).to_have_count(0)
    assert stack.ask_x("ledger")["dm_blocks"] == []


def test_the_page_of_a_person_follows_a_block(windows, stack, ids, hilda):
    stack.tell_x("dms", sender_id=hilda, recipient_id=ids["acme"], text="One more watch")
    desk = windows.open("/desk/?view=open", "sam")
    open_row(desk, "One more watch")
    desk.locator(".thread-header").get_by_role("link", name="Hilda Hailer").click()
    brands = desk.locator("#contact-brands")
    brands.get_by_role("button", name="Block for DMs").click()
    desk.get_by_role("dialog").get_by_role("button", name="Block for DMs").click()
    expect(brands).to_contain_text("Blocked for DMs since")
    brands.get_by_role("button", name="Unblock for DMs").click()
    expect(brands.locator(".block-state")).to_have_count(0)


def test_an_answer_is_hidden_and_shown_again(windows, stack, ids, hilda):
    first = stack.tell_x("posts", author_id=ids["acme"], text="The shop is open again")["id"]
    answer = stack.tell_x(
        "posts", author_id=hilda, text="@acme buy mine instead", in_reply_to_post_id=first
    )["id"]
    desk = windows.open("/desk/?view=open", "ana")
    open_row(desk, "buy mine instead")
    message = desk.locator(".message-public", has_text="buy mine instead").last
    message.hover()
    message.get_by_role("button", name="Hide on X").click()
    expect(message).to_contain_text("Hidden on X")
    assert answer in hidden(stack)
    message.hover()
    message.get_by_role("button", name="Show on X again").click()
    expect(message.get_by_role("button", name="Hide on X")).to_be_attached()
    assert answer not in hidden(stack)


def test_an_answer_that_comes_after_the_news_of_it_is_merged(windows, stack, ids, hilda):
    """News have taken the button away by the time that its request is answered."""
    first = stack.tell_x("posts", author_id=ids["acme"], text="We close at six today")["id"]
    stack.tell_x("posts", author_id=hilda, text="@acme I never close", in_reply_to_post_id=first)
    desk = windows.open("/desk/?view=open", "ana")
    open_row(desk, "I never close")
    held: list[tuple[Route, APIResponse]] = []
    desk.route("**/hiding/*", lambda route: held.append((route, route.fetch())))
    message = desk.locator(".message-public", has_text="I never close").last
    message.hover()
    message.get_by_role("button", name="Hide on X").click()
    expect(message).to_contain_text("Hidden on X")
    for _ in range(500):  # news may be quicker than the answer that is held
        if held:
            break
        desk.wait_for_timeout(20)
    route, response = held.pop()
    with desk.expect_response("**/hiding/*"):
        route.fulfill(response=response)
    expect(desk.locator("#conversation #conversation")).to_have_count(0)
    expect(message).to_contain_text("Hidden on X")


def test_spam_leaves_by_a_key_and_comes_back_by_it(windows, stack, ids, hilda):
    stack.tell_x("dms", sender_id=hilda, recipient_id=ids["acme"], text="The cheapest watch")
    desk = windows.open("/desk/?view=open", "ana")
    open_row(desk, "The cheapest watch")
    desk.locator("#timeline").focus()
    desk.keyboard.press("!")
    expect(desk.locator(".toast")).to_contain_text("It is in the Spam view now.")
    expect(desk.locator("#list")).not_to_contain_text("The cheapest watch")
    desk.locator("#view-spam").click()
    expect(desk.locator("#list")).to_contain_text("The cheapest watch")
    desk.locator("#timeline").focus()
    desk.keyboard.press("!")
    expect(desk.locator("#list")).not_to_contain_text("The cheapest watch")
    expect(desk.locator("#resolve")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(windows, stack, ids, hilda, size):
    stack.tell_x("dms", sender_id=hilda, recipient_id=ids["acme"], text="An axe for watches")
    page = windows.context("sam", viewport=size, bypass_csp=True).new_page()
    page.goto(f"{stack.web}/desk/?view=open")
    open_row(page, "An axe for watches")
    if size is PHONE:
        page.locator("#show-panel").click()
    page.get_by_role("button", name="More about this person").click()
    found = {"menu": axe(page)}
    page.locator("#block").click()
    # Without contrast: what shines through from behind a dialog is out of reach.
    found["dialog"] = axe(page, ["wcag2a", "best-practice"])
    page.get_by_role("dialog").get_by_role("button", name="Block for DMs").click()
    expect(page.locator(".block-state")).to_contain_text("Blocked for DMs since")
    found["blocked"] = axe(page)
    page.emulate_media(color_scheme="dark")
    found["blocked dark"] = axe(page, ["color-contrast"])
    page.locator("#open-person").click()
    expect(page.locator("#contact-brands")).to_be_visible()
    found["page dark"] = axe(page, ["color-contrast"])
    page.emulate_media(color_scheme="light")
    found["page"] = axe(page)
    page.get_by_role("button", name="Unblock for DMs").click()
    expect(page.locator(".block-state")).to_have_count(0)
    assert not {where: what for where, what in found.items() if what}
