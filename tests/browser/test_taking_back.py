"""Where words go that were taken back: to the conversation that they were written in, or nowhere
that anybody else is answered from."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Response, Route, expect

from tests.browser.conftest import axe
from tests.stack import until

HANDLE = "patience"
CANCELLATIONS, DRAFTS = "**/cancellation/**", "**/drafts/"


@pytest.fixture(scope="module")
def handle(stack, cast) -> str:
    """The id on X of one whose replies wait for ten minutes."""
    person = {"username": HANDLE, "name": "Patience", "brand": True}
    x_id = str(stack.tell_x("users", users=[person])["users"][0]["id"])
    stack.manage("-m", "tests.browser.patient", stack.simulator, x_id)
    return x_id


@pytest.fixture
def asked(stack, windows, handle, somebody) -> Callable[..., Page]:
    """`asked("Hello?", "Hi?")`: Ada's desk, where each was written by somebody of their own; the
    first is open."""

    def asked(*texts: str, **options) -> Page:
        for number, text in enumerate(texts):
            author = somebody(f"piet{number}")
            stack.tell_x("dms", sender_id=author, recipient_id=handle, text=text)
        desk = windows.open(f"/desk/?view=open&brand={HANDLE}", "ada", **options)
        for text in texts:
            expect(row(desk, text)).to_be_visible()
        go_to(desk, texts[0])
        return desk

    return asked


def row(desk: Page, text: str) -> Locator:
    return desk.locator("#list").get_by_role("link", name=text)


def go_to(desk: Page, text: str) -> None:
    row(desk, text).click()
    expect(desk.locator("#timeline")).to_contain_text(text)


def composer(desk: Page) -> Locator:
    return desk.get_by_label(re.compile("^Private message to @"))


def send(desk: Page, text: str) -> Locator:
    """The message, which waits."""
    composer(desk).fill(text)
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    sent = desk.locator(".message-ours", has_text=text)
    expect(sent).to_contain_text("Not sent yet")
    expect(composer(desk)).to_have_value("")
    return sent


def is_save_of_both(response: Response) -> bool:
    return "At+nine.%0A%0AOn+Sundays" in (response.request.post_data or "")


def held_elsewhere(windows, desk: Page) -> str:
    """What the composer holds on a machine that has never seen the conversation."""
    fresh = windows.open(desk.url, "ada")
    expect(composer(fresh)).to_be_visible()
    text = composer(fresh).input_value()
    fresh.context.close()
    return text


def test_words_wait_where_they_were_written_when_another_conversation_was_opened(windows, asked):
    desk = asked("Where is my bicycle?", "Where is my boat?")
    sent = send(desk, "It is behind the house.")
    held: list[Route] = []
    desk.route(CANCELLATIONS, lambda route: held.append(route))
    sent.get_by_role("button", name="Undo").click()
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    go_to(desk, "Where is my boat?")
    composer(desk).fill("At sea.")
    held[0].continue_()
    toast = desk.locator(".toast", has_text="The words wait as a draft in")
    expect(toast).to_be_visible()
    expect(composer(desk)).to_have_value("At sea.")
    expect(
        desk.locator(".row", has_text="Where is my bicycle?").get_by_text("Draft")
    ).to_be_visible()
    toast.get_by_role("link").click()
    expect(desk.locator("#timeline")).to_contain_text("Where is my bicycle?")
    expect(composer(desk)).to_have_value("It is behind the house.")
    # It is told to the server as what is typed is.
    until(lambda: held_elsewhere(windows, desk) == "It is behind the house.", within=60)


def test_where_nothing_can_be_written_any_more_they_are_kept_until_something_can(asked):
    desk = asked("You are all thieves", bypass_csp=True)
    sent = send(desk, "We are not.")
    desk.get_by_role("button", name="More about this person").click()
    desk.get_by_role("button", name="Block for DMs").click()
    desk.get_by_role("dialog").get_by_role("button", name="Block for DMs").click()
    expect(composer(desk)).to_have_count(0)
    sent.get_by_role("button", name="Undo").click()
    expect(sent).to_contain_text("Cancelled")
    toast = desk.locator(".toast", has_text="Nothing can be written there now.")
    expect(toast).to_contain_text("The words stay in the thread")
    expect(desk.get_by_label("Note for your team")).to_have_value("")
    assert axe(desk) == []
    desk.locator("#composer").get_by_role("button", name="Unblock").click()
    expect(composer(desk)).to_have_value("We are not.")


def test_the_keys_take_back_the_last_that_can_be(asked):
    desk = asked("Is anybody there?")
    first, second = send(desk, "Yes, one."), send(desk, "No, two.")
    third = send(desk, "Or three.")
    composer(desk).press("Control+z")
    expect(composer(desk)).to_have_value("Or three.")
    expect(third).to_contain_text("Cancelled")
    composer(desk).fill("")
    # The time of the second is over, and the server has not said so yet.
    second.locator("[data-controller=undo]").evaluate(
        "one => one.dataset.undoMillisecondsValue = 0"
    )
    expect(second.locator("[data-over]")).to_have_count(1)
    desk.locator("#timeline").focus()
    desk.keyboard.press("z")
    expect(composer(desk)).to_have_value("Yes, one.")
    expect(first).to_contain_text("Cancelled")
    expect(second).not_to_contain_text("Cancelled")


def test_the_keys_take_back_what_is_under_way_to_the_server(asked):
    desk = asked("Do you deliver on Saturdays?")
    first = send(desk, "Every other one.")
    held: list[Route] = []
    desk.route("**/replies/*", lambda route: held.append(route), times=1)
    composer(desk).fill("Never on Saturdays.")
    composer(desk).press("Control+Enter")
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    composer(desk).press("Control+z")
    expect(composer(desk)).to_have_value("Never on Saturdays.")
    held[0].continue_()
    expect(desk.locator(".message-ours", has_text="Never on")).to_contain_text("Cancelled")
    expect(composer(desk)).to_have_value("Never on Saturdays.")
    expect(first).to_contain_text("Not sent yet")


def test_a_save_that_is_under_way_meanwhile_is_no_draft_of_elsewhere(windows, asked):
    desk = asked("When do you open?")
    sent = send(desk, "At nine.")
    held: list[Route] = []
    desk.route(DRAFTS, lambda route: held.append(route), times=1)
    composer(desk).fill("On Sundays at ten.")
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    sent.get_by_role("button", name="Undo").click()
    both = "At nine.\n\nOn Sundays at ten."
    expect(composer(desk)).to_have_value(both)
    with desk.expect_response(is_save_of_both) as saved:
        held[0].continue_()
    assert saved.value.status == 200
    expect(desk.locator("#path-dm-elsewhere")).to_be_hidden()
    assert held_elsewhere(windows, desk) == both
