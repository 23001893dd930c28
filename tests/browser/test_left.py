"""What was asked of a conversation that its reader has left before the answer came."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import number_of
from tests.stack import until

FORBIDDEN = {"status": 403, "content_type": "text/plain", "body": "Your role is another by now."}
SERVER_ERROR = {"status": 500, "body": "broken"}


@pytest.fixture
def texts(somebody) -> dict[str, str]:
    """What is written in the conversation that is left, and in the one that is gone to."""
    return {who: f"Cancel order {somebody(who)} please" for who in ("piet", "rosa")}


@pytest.fixture
def go_to(desk, texts) -> Callable[[str], None]:
    def go_to(who: str) -> None:
        row(desk, texts[who]).click()
        expect(desk.locator("#timeline")).to_contain_text(texts[who])

    return go_to


@pytest.fixture
def desk(windows, writes, texts) -> Page:
    """Ana's, on Piet's conversation."""
    for who, text in texts.items():
        writes(who, text)
    desk = windows.open("/desk/?view=open", "ana")
    row(desk, texts["piet"]).click()
    expect(desk.locator("#timeline")).to_contain_text(texts["piet"])
    return desk


@pytest.fixture
def ask_and_leave(desk, go_to) -> Callable[..., Route]:
    """The request, unanswered, when Rosa's conversation is open."""

    def ask_and_leave(path: str, ask: Callable[[], None]) -> Route:
        route = ask_and_hold(desk, path, ask)
        go_to("rosa")
        return route

    return ask_and_leave


def ask_and_hold(desk: Page, path: str, ask: Callable[[], None]) -> Route:
    held: list[Route] = []
    desk.route(path, lambda route: held.append(route), times=1)
    ask()
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    return held[0]


def row(desk: Page, text: str):
    return desk.get_by_role("link", name=text)


def composer(desk: Page):
    return desk.get_by_label(re.compile("^Private message to @"))


def send(desk: Page, text: str) -> Callable[[], None]:
    composer(desk).fill(text)
    return lambda: composer(desk).press("Control+Enter")


def test_a_reply_that_was_not_taken_says_so_by_name_and_leads_back(desk, writes, ask_and_leave):
    number = number_of(desk)
    route = ask_and_leave("**/replies/*", send(desk, "Cancelled!"))
    writes("piet", f"No wait, keep {number}")
    expect(row(desk, f"No wait, keep {number}")).to_be_visible()
    route.continue_()
    toast = desk.locator(".toast")
    expect(toast).to_contain_text(f"#{number} Piet Customer: Your reply was not sent")
    expect(toast).to_contain_text("wrote since you began")
    toast.get_by_role("link", name=f"Go to #{number}").click()
    expect(desk.locator("#timeline")).to_contain_text(f"No wait, keep {number}")
    expect(composer(desk)).to_have_value("Cancelled!")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(lambda route: route.abort(), "Handled can’t be reached", id="lost"),
        pytest.param(lambda route: route.fulfill(**SERVER_ERROR), "broke on our side", id="broken"),
    ],
)
def test_a_reply_that_was_lost_is_said_by_name(desk, ask_and_leave, answer, words):
    number = number_of(desk)
    answer(ask_and_leave("**/replies/*", send(desk, "Cancelled!")))
    toast = desk.locator(".toast", has_text=f"#{number} Piet Customer:")
    expect(toast).to_contain_text(words)
    expect(toast).to_contain_text(re.compile("what you typed is kept", re.IGNORECASE))


def test_so_is_what_a_button_could_not_do(desk, windows, go_to, ask_and_leave):
    number = number_of(desk)
    claim = desk.locator("#claim").click
    ask_and_leave("**/assignment/*", claim).fulfill(**FORBIDDEN)
    toast = desk.locator(".toast")
    expect(toast).to_contain_text(f"#{number} Piet Customer: That was not done. Your role is")

    # What the server says of its own accord is said once, with the name.
    go_to("piet")
    route = ask_and_leave("**/assignment/*", claim)
    ben = windows.open(f"/conversations/{number}/", "ben")
    ben.locator("#claim").click()
    expect(ben.locator("#assignee")).to_contain_text("Ben Agent (you)")
    route.continue_()
    expect(toast.filter(has_text="Ben Agent has this conversation now.")).to_have_count(1)
    expect(toast.last).to_contain_text(f"#{number} Piet Customer: That was not done. Ben Agent")


def test_a_button_that_news_took_away_fails_aloud(desk, windows):
    route = ask_and_hold(desk, "**/assignment/*", desk.locator("#claim").click)
    ben = windows.open(desk.url, "ben")
    ben.locator("#claim").click()
    expect(desk.locator("#assignee")).to_contain_text("Ben Agent")
    expect(desk.locator("#claim")).to_have_count(0)
    route.fulfill(**SERVER_ERROR)
    expect(desk.locator(".toast")).to_contain_text("Something broke on our side")
