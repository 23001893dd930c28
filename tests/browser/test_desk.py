"""The desk under an agent's hands: races, keyboards, lost lines, and nothing typed ever lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, axe, number_of, step_to

SESSION = "handled_session"
GROWS = """thread => {
  const more = document.createElement("div")
  more.id = `grown-${thread.querySelectorAll(".grown").length + 1}`
  more.className = "grown"
  more.dataset.keep = ""
  more.textContent = "More below"
  more.style.flex = "0 0 120px"
  thread.firstElementChild.append(more)
  thread.dispatchEvent(new Event("scroll"))
}"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SERVER_ERROR = {"status": 500, "body": "broken"}


@pytest.fixture
def asked(windows, writes):
    """`asked("ana", "Hello")`: her desk, on a conversation in which a customer just wrote that."""

    def asked(who: str, text: str, *, public: bool = False, **options) -> Page:
        writes("piet", text, public=public)
        desk = windows.open("/desk/?view=open", who, **options)
        row = desk.get_by_role("link", name=text)
        row.click()
        expect(desk.locator("#timeline")).to_contain_text(text)
        return desk

    return asked


def composer(desk: Page):
    return desk.get_by_label(re.compile("^Private message to @"))


def leave_for(desk: Page, name: str) -> None:
    """To another reply path, away from something that is written."""
    desk.get_by_role("tab", name=name).click()
    desk.get_by_role("alertdialog").get_by_role("button", name="Leave it there").click()


def send(desk: Page) -> None:
    desk.get_by_role("button", name=re.compile("^Send privately")).click()


# Races


def test_the_loser_of_a_race_is_told_who_won(windows, asked):
    ana = asked("ana", "Who takes this?")
    address = ana.url.replace(windows.stack.web, "")
    ben = windows.open(address, "ben")
    expect(ben.locator("#claim")).to_be_visible()
    # Ben's page hears nothing for a moment, as on a train.
    ben.route("**/conversations/*/?*", lambda route: route.abort())
    ana.locator("#claim").click()
    expect(ana.locator("#assignee")).to_contain_text("Ana Agent (you)")
    ben.locator("#claim").click()
    expect(ben.locator(".toast")).to_contain_text("Ana Agent has this conversation now.")
    expect(ben.locator("#assignee")).to_contain_text("Ana Agent")
    expect(ben.locator("#claim")).to_have_count(0)


def test_of_two_who_answer_the_second_sees_the_first_and_sends_only_anyway(windows, asked):
    """Trust G3."""
    ana = asked("ana", "Who answers this?")
    ben = windows.open(ana.url, "ben")
    composer(ana).fill("Ana does.")
    composer(ben).fill("Ben does.")
    # Ben's page hears nothing for a moment, as on a train.
    ben.route("**/conversations/*/?*", lambda route: route.abort())
    send(ana)
    expect(ana.locator(".message-ours").last).to_contain_text("Ana does.")
    send(ben)
    alert = ben.get_by_role("alert")
    expect(alert).to_contain_text("Ana Agent answered since you began. Nothing was sent yet.")
    expect(alert).to_contain_text("Ana does.")
    expect(composer(ben)).to_have_value("Ben does.")
    assert ben.locator(".message-ours", has_text="Ben does.").count() == 0
    alert.get_by_role("button", name="Send anyway").click()
    expect(ben.locator(".message-ours").last).to_contain_text("Ben does.")
    expect(composer(ben)).to_have_value("")
    said = [dm["text"] for dm in windows.stack.ask_x("ledger")["dms"]]
    assert said.count("Ana does.") == 1


def test_what_came_while_typing_is_shown_before_anything_is_sent(asked, writes):
    """Trust G4."""
    desk = asked("ana", "Cancel my order please")
    desk.route("**/conversations/*/?*", lambda route: route.abort())
    composer(desk).fill("Cancelled!")
    writes("piet", "No wait, keep it")
    expect(desk.locator("#list")).to_contain_text("No wait, keep it")
    send(desk)
    alert = desk.get_by_role("alert")
    expect(alert).to_contain_text("wrote since you began")
    expect(alert).to_contain_text("No wait, keep it")
    expect(desk.locator("#timeline")).to_contain_text("No wait, keep it")
    expect(composer(desk)).to_have_value("Cancelled!")
    assert desk.locator(".message-ours").count() == 0
    # Not even in a hurry: who did not look, sends nothing.
    send(desk)
    expect(alert).to_contain_text("wrote since you began")
    alert.get_by_role("button", name="Review").click()
    expect(desk.locator("#timeline")).to_be_focused()
    composer(desk).fill("Kept!")
    send(desk)
    expect(desk.locator(".message-ours")).to_contain_text("Kept!")
    expect(alert).to_have_count(0)


def test_what_came_live_into_a_draft_is_shown_too_and_may_be_answered_anyway(asked, writes):
    desk = asked("ana", "Do you have it in blue?")
    composer(desk).fill("Yes, we do")
    writes("piet", "Or in green?")
    expect(desk.locator("#timeline")).to_contain_text("Or in green?")
    desk.reload()
    expect(composer(desk)).to_have_value("Yes, we do")
    send(desk)
    alert = desk.get_by_role("alert")
    expect(alert).to_contain_text("Or in green?")
    alert.get_by_role("button", name="Send anyway").click()
    expect(desk.locator(".message-ours").last).to_contain_text("Yes, we do")
    expect(composer(desk)).to_have_value("")
    # The next draft begins with all of it seen.
    composer(desk).fill("And in green")
    send(desk)
    expect(desk.locator(".message-ours").last).to_contain_text("And in green")


def test_who_answered_meanwhile_is_said_at_once_and_nothing_moves(windows, asked):
    ana = asked("ana", "Who is typing here?", bypass_csp=True)
    text = composer(ana)
    text.fill("I am, and")
    text.press("ArrowLeft")
    ben = windows.open(ana.url, "ben")
    composer(ben).fill("Ben is.")
    send(ben)
    since = ana.locator(".composer-since:visible")
    expect(since).to_contain_text("Ben Agent answered since you began.")
    expect(text).to_be_focused()
    assert text.evaluate("text => [text.value, text.selectionStart]") == ["I am, and", 8]
    for scheme in ("light", "dark"):
        ana.emulate_media(color_scheme=scheme)
        assert axe(ana) == []
    # Who does not look is asked, by one of the two.
    send(ana)
    expect(ana.get_by_role("alert")).to_contain_text("Ben Agent answered since you began.")
    expect(since).to_have_count(0)
    ana.reload()
    expect(since).to_contain_text("Ben Agent answered since you began.")
    since.get_by_role("button", name="Look").click()
    expect(ana.locator("#timeline")).to_be_focused()
    expect(since).to_have_count(0)
    send(ana)
    expect(ana.locator(".message-ours").last).to_contain_text("I am, and")


# Where the reader is


def test_the_thread_stays_at_its_end_for_whoever_is_there_and_nowhere_else(asked, writes):
    desk = asked("ana", "How long is it?")
    writes("piet", "A line\n" * 40 + "and the end of it")
    thread = desk.locator("#timeline")
    expect(thread).to_contain_text("and the end of it")
    # As a browser does that tells of a scroll when the foot of a message has grown since.
    thread.evaluate(GROWS)
    expect(desk.locator("#grown-1")).to_be_in_viewport(ratio=1)
    thread.evaluate("thread => { thread.scrollTop = 40 }")
    expect(thread).to_have_js_property("scrollTop", 40)
    desk.evaluate(NEXT_FRAME)
    thread.evaluate(GROWS)
    expect(desk.locator("#grown-2")).to_be_attached()
    desk.evaluate(NEXT_FRAME)
    expect(desk.locator("#grown-2")).not_to_be_in_viewport()


# Nothing typed is lost


def test_typed_text_survives_a_reload_and_marks_the_row(asked):
    desk = asked("ana", "Is anybody there?")
    composer(desk).fill("Half an ans")
    leave_for(desk, "Note")
    desk.get_by_label("Note for your team").fill("Ask Sam first")
    expect(desk.locator(".row:has([aria-current])").get_by_text("Draft")).to_be_visible()
    desk.reload()
    expect(composer(desk)).to_have_value("Half an ans")
    leave_for(desk, "Note")
    expect(desk.get_by_label("Note for your team")).to_have_value("Ask Sam first")
    desk.get_by_label("Note for your team").fill("")
    desk.get_by_role("tab", name="Private message").click()
    composer(desk).fill("")
    expect(desk.locator(".row:has([aria-current])").get_by_text("Draft")).to_be_hidden()


def test_a_broken_answer_loses_nothing_and_sends_once(asked, windows):
    desk = asked("ana", "My card was charged twice")
    composer(desk).fill("We pay it back.")
    desk.route("**/replies/*", lambda route: route.fulfill(**SERVER_ERROR))
    send(desk)
    expect(desk.locator(".toast")).to_contain_text("What you typed is kept")
    expect(composer(desk)).to_have_value("We pay it back.")
    desk.unroute("**/replies/*")

    def lost_on_the_way_back(route: Route) -> None:
        route.fetch()
        route.fulfill(**SERVER_ERROR)

    desk.route("**/replies/*", lost_on_the_way_back)
    # The server is asked what became of it: what was sent is no draft any more.
    with desk.expect_response("**/replies/*"):
        send(desk)
    expect(desk.locator(".toast", has_text="This was sent already, once.")).to_be_visible()
    expect(composer(desk)).to_have_value("")
    expect(desk.locator(".message-ours").last).to_contain_text("Sent")
    sent = [dm for dm in windows.stack.ask_x("ledger")["dms"] if dm["text"] == "We pay it back."]
    assert len(sent) == 1


def test_a_session_that_ended_loses_nothing(windows, asked):
    desk = asked("ana", "Do you open on Sundays?")
    composer(desk).fill("From ten to four.")
    desk.context.clear_cookies(name=SESSION)
    send(desk)
    toast = desk.locator(".toast", has_text="You are signed out")
    with desk.context.expect_page() as opened:
        toast.get_by_role("link", name="Sign in again").click()
    stale = desk.locator("#conversation").get_attribute("hx-headers")
    windows.fill_in(opened.value, "ana")
    opened.value.close()
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(desk.locator("#conversation")).not_to_have_attribute("hx-headers", stale)
    # The page writes again without being loaded again.
    expect(composer(desk)).to_have_value("From ten to four.")
    send(desk)
    expect(desk.locator(".message-ours").last).to_contain_text("From ten to four.")


def test_news_disturb_neither_text_nor_caret_nor_place(asked, writes):
    desk = asked("ana", "First of many")
    for number in range(3):
        writes("piet", f"Number {number} of many\n" + "of many lines\n" * 12)
    expect(desk.locator("#timeline")).to_contain_text("Number 2 of many")
    desk.evaluate("document.getElementById('timeline').scrollTop = 0")
    composer(desk).press_sequentially("I am wri")
    composer(desk).press("ArrowLeft")
    writes("piet", "And one more thing")
    expect(desk.locator("#timeline")).to_contain_text("And one more thing")
    expect(desk.get_by_role("button", name="New messages")).to_be_visible()
    assert desk.evaluate("document.getElementById('timeline').scrollTop") < 50
    assert desk.evaluate("document.activeElement.selectionStart") == len("I am wr")
    expect(composer(desk)).to_have_value("I am wri")
    desk.get_by_role("button", name="New messages").click()
    expect(desk.get_by_role("button", name="New messages")).to_be_hidden()
    expect(desk.locator("#news")).to_contain_text("New private message from Piet Customer")
    composer(desk).fill("")


# Hands


def test_it_is_worked_by_keyboard_alone(windows, writes):
    writes("rosa", "By keyboard, please")
    desk = windows.open("/desk/?view=open", "ben")
    row = desk.get_by_role("link", name="By keyboard, please")
    expect(row).to_be_visible()
    desk.keyboard.press("j")
    expect(desk.locator(".row-link").first).to_be_focused()
    step_to(row, "j")
    desk.keyboard.press("Enter")
    expect(desk.locator("#timeline")).to_contain_text("By keyboard, please")
    expect(desk.locator("#claim")).to_be_visible()
    desk.keyboard.press("c")
    expect(desk.locator("#assignee")).to_contain_text("Ben Agent (you)")
    desk.keyboard.press("n")
    expect(desk.get_by_label("Note for your team")).to_be_focused()
    desk.keyboard.type("j and e are letters here")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".note").last).to_contain_text("j and e are letters here")
    desk.keyboard.press("Escape")
    desk.keyboard.press("r")
    expect(composer(desk)).to_be_focused()
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    desk.keyboard.press("e")
    expect(desk.locator(".thread-sub")).to_contain_text("Resolved")
    assert desk.evaluate("document.activeElement.tagName") != "TEXTAREA"


def test_a_phone_shows_one_pane_at_a_time(asked):
    desk = asked("ana", "From my phone", viewport=PHONE)
    expect(desk.locator(".pane-thread")).to_be_visible()
    expect(desk.locator("#list")).to_be_hidden()
    desk.get_by_role("button", name="Details").click()
    expect(desk.locator("#panel")).to_be_in_viewport()
    desk.get_by_role("button", name="Close details").click()
    desk.get_by_role("button", name="Back to the list").click()
    expect(desk.locator("#list")).to_be_visible()
    expect(desk.locator(".pane-thread")).to_be_hidden()
    desk.get_by_role("button", name="Views").click()
    desk.get_by_role("link", name="Resolved").click()
    expect(desk.get_by_role("heading", name="Resolved", exact=True)).to_be_visible()


def test_back_and_forward_go_where_one_was(asked, windows):
    desk = asked("ana", "Where was I?")
    number = number_of(desk)
    desk.get_by_role("link", name=re.compile("^Snoozed")).click()
    expect(desk.get_by_role("heading", name="Snoozed", exact=True)).to_be_visible()
    assert desk.url.endswith(f"/conversations/{number}/?view=snoozed")
    desk.go_back()
    expect(desk.get_by_role("heading", name="All open")).to_be_visible()
    expect(desk.locator("#timeline")).to_contain_text("Where was I?")


def test_a_manager_assigns_with_the_load_in_view(windows, asked):
    desk = asked("sam", "For whom is this?")
    desk.get_by_role("button", name="Assign", exact=True).click()
    desk.get_by_role("button", name=re.compile(r"Ben Agent \d+ open")).click()
    expect(desk.locator("#assignee")).to_contain_text("Ben Agent")


def test_a_public_reply_goes_under_the_post_that_is_picked(windows, asked, writes):
    writes("piet", "what joins the posts: they stand beside an open private thread")
    desk = asked("ana", "first thing in public", public=True)
    writes("piet", "second thing in public", public=True)
    expect(desk.locator("#timeline")).to_contain_text("second thing in public")
    first = desk.locator(".message-public", has_text="first thing").last
    first.hover()
    first.get_by_role("button", name="Answer this").click()
    expect(desk.get_by_role("combobox", name="Answering").locator(":checked")).to_contain_text(
        "first thing in public"
    )
    desk.get_by_label(re.compile("^Public reply to @")).fill("About the first one")
    desk.keyboard.press("Control+Enter")
    sent = desk.locator(".message-ours", has_text="About the first one")
    expect(sent.locator(".message-state")).to_contain_text("Sent")
    posts = windows.stack.ask_x("ledger")["posts"]
    asked_first = next(post for post in posts if "first thing in public" in post["text"])
    answer = next(post for post in posts if post["text"].endswith("About the first one"))
    assert answer["in_reply_to_post_id"] == asked_first["id"]


def test_a_colleague_who_leaves_the_handle_loses_the_desk_at_once(windows, asked):
    desk = asked("lea", "Between us")
    ada = windows.open("/people/", "ada")
    ada.get_by_role("link", name="Lea Leaver").click()
    ada.get_by_role("button", name="Remove from @acme").click()
    ada.get_by_role("button", name="Remove", exact=True).click()
    expect(desk.locator("#timeline")).to_have_count(0)
    expect(desk.locator("#list")).not_to_contain_text("Between us")


def test_the_public_counter_weighs_as_x_does(asked):
    desk = asked("ana", "in public now", public=True)
    text = desk.get_by_label(re.compile("^Public reply to @"))
    text.fill("@acme 👩‍👩‍👧 https://example.com/a/very/long/address/that/counts/23 字")
    expect(desk.locator(".composer-public .composer-count")).to_have_text("29 / 280")
    text.fill("字" * 141)
    expect(desk.locator(".composer-public .composer-count")).to_have_text("2 over one post")
    text.fill("")
