"""What somebody types and has not sent waits for them: on whatever machine, and whatever breaks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.browser.conftest import axe
from tests.stack import until

SESSION = "handled_session"
NOTE = "Note for your team"


@pytest.fixture
def asked(windows, writes):
    """`asked("Hello")`: Ana's desk, on a conversation in which somebody new just wrote that."""

    def asked(text: str, **options) -> Page:
        writes("piet", text)
        desk = windows.open("/desk/?view=open", "ana", **options)
        desk.get_by_role("link", name=text).click()
        expect(desk.locator("#timeline")).to_contain_text(text)
        return desk

    return asked


def composer(desk: Page):
    return desk.get_by_label(re.compile("^Private message to @"))


def send(desk: Page) -> None:
    desk.get_by_role("button", name=re.compile("^Send privately")).click()


def is_saved(response: Response) -> bool:
    return response.url.endswith("/drafts/") and response.request.method == "POST" and response.ok


def is_save(route: Route) -> bool:
    return route.request.method == "POST"


def type_and_save(desk: Page, text: str) -> None:
    with desk.expect_response(is_saved):
        composer(desk).fill(text)


def held_elsewhere(windows, desk: Page) -> str:
    """What the composer holds on a machine that has never seen the conversation."""
    fresh = windows.open(desk.url, "ana")
    expect(composer(fresh)).to_be_visible()
    text = composer(fresh).input_value()
    fresh.context.close()
    return text


def sent(stack, text: str) -> int:
    """How often X has it."""
    return sum(dm["text"] == text for dm in stack.ask_x("ledger")["dms"])


def test_it_waits_on_another_machine_until_it_is_sent(windows, asked):
    here = asked("Do you rent tandems?")
    type_and_save(here, "We do, from May.")
    there = windows.open(here.url, "ana")
    expect(composer(there)).to_have_value("We do, from May.")
    expect(there.get_by_label(NOTE)).to_have_value("")
    expect(there.locator(".row:has([aria-current])").get_by_text("Draft")).to_be_visible()
    type_and_save(there, "We do, from April.")
    send(there)
    expect(there.locator(".message-ours")).to_contain_text("We do, from April.")
    # Here it was the same draft: it is not offered to be sent once more.
    expect(here.locator(".message-ours")).to_contain_text("We do, from April.")
    expect(composer(here)).to_have_value("")
    assert held_elsewhere(windows, here) == ""


def test_one_that_was_emptied_leaves_other_machines_without_being_looked_at(windows, asked):
    here = asked("Do you think twice?")
    type_and_save(here, "Never.")
    there = windows.open(here.url, "ana")
    expect(composer(there)).to_have_value("Never.")
    # What is typed there alone stays, whatever becomes of the rest.
    note = there.get_by_label(NOTE)
    there.get_by_role("tab", name="Note").click()
    there.get_by_role("alertdialog").get_by_role("button", name="Leave it there").click()
    there.route("**/drafts/", lambda route: route.abort() if is_save(route) else route.continue_())
    note.fill("Ask Sam")
    type_and_save(here, "")
    expect(composer(there)).to_have_value("")
    expect(note).to_have_value("Ask Sam")
    note.fill("")
    there.unroute("**/drafts/")

    # The mark of one that isn't open goes likewise.
    with here.expect_response(is_saved):
        composer(here).fill("Always.")
    there.reload()
    expect(composer(there)).to_have_value("Always.")
    there.goto(f"{windows.stack.web}/desk/?view=open")
    mark = there.locator(".row", has_text="Do you think twice?").get_by_text("Draft")
    expect(mark).to_be_visible()
    expect(there.locator("#live-state")).to_contain_text("Live")
    type_and_save(here, "")
    expect(mark).to_be_hidden()


def test_of_two_machines_the_older_is_told_and_loses_no_word(windows, asked):
    here = asked("Which one is newer?", bypass_csp=True, reduced_motion="reduce")
    type_and_save(here, "This one.")
    there = windows.open(here.url, "ana")
    expect(composer(there)).to_have_value("This one.")
    type_and_save(there, "No, that one.")
    composer(here).fill("This one, surely.")
    alert = here.get_by_role("alert")
    expect(alert).to_contain_text("No, that one.")
    expect(composer(here)).to_have_value("This one, surely.")
    assert axe(here) == []
    # A second tab of the same browser follows along.
    beside = here.context.new_page()
    beside.goto(here.url)
    expect(composer(beside)).to_have_value("This one, surely.")
    composer(here).fill("This one, surely!")
    expect(composer(beside)).to_have_value("This one, surely!")
    composer(here).fill("This one, surely.")
    beside.close()
    # It is still there after the page was left, and asked again.
    here.reload()
    expect(composer(here)).to_have_value("This one, surely.")
    expect(alert).to_contain_text("No, that one.")
    with here.expect_response(is_saved):
        alert.get_by_role("button", name="Keep this one").click()
    expect(alert).to_be_hidden()
    composer(there).fill("No, the blue one.")
    there.get_by_role("alert").get_by_role("button", name="Take that one").click()
    expect(composer(there)).to_have_value("This one, surely.")
    assert held_elsewhere(windows, here) == "This one, surely."


def test_nothing_is_sent_while_it_is_asked_which_of_two_is_meant(windows, asked):
    here = asked("Which half do you mean?")
    type_and_save(here, "The first half")
    there = windows.open(here.url, "ana")
    expect(composer(there)).to_have_value("The first half")
    type_and_save(there, "The first half and the second")
    composer(here).fill("Neither")
    alert = here.get_by_role("alert")
    expect(alert).to_contain_text("The first half and the second")
    expect(alert.get_by_text("Nothing was sent.")).to_be_hidden()
    composer(here).press("Control+Enter")
    expect(alert.get_by_text("Nothing was sent.")).to_be_visible()
    expect(alert).to_be_focused()
    composer(here).focus()
    send(here)
    expect(alert).to_be_focused()
    expect(composer(here)).to_have_value("Neither")
    expect(here.locator(".message-ours")).to_have_count(0)
    with here.expect_response(is_saved):
        alert.get_by_role("button", name="Keep this one").click()
    send(here)
    expect(here.locator(".message-ours")).to_contain_text("Neither")
    expect(composer(here)).to_have_value("")


def test_words_that_the_sending_page_never_had_stay_on_the_other(windows, stack, asked):
    here = asked("How long is it?")
    type_and_save(here, "It is long")
    there = windows.open(here.url, "ana")
    expect(composer(there)).to_have_value("It is long")
    type_and_save(there, "It is long and wide")
    # Sent before its save could say that there is another.
    here.route("**/drafts/", lambda route: route.abort() if is_save(route) else route.continue_())
    composer(here).fill("It is short")
    send(here)
    expect(here.locator(".message-ours")).to_contain_text("It is short")
    expect(there.locator(".message-ours")).to_contain_text("It is short")
    expect(composer(there)).to_have_value("It is long and wide")
    assert held_elsewhere(windows, there) == "It is long and wide"
    until(lambda: sent(stack, "It is short") == 1, within=60)


def test_a_save_that_comes_after_the_send_brings_nothing_back(windows, asked):
    desk = asked("Is it too late?")
    held: list[Route] = []
    desk.route("**/drafts/", lambda route: held.append(route))
    composer(desk).fill("Never too late.")
    until(lambda: held or desk.wait_for_timeout(50), within=60)
    send(desk)
    expect(desk.locator(".message-ours")).to_contain_text("Sent")
    expect(composer(desk)).to_have_value("")
    with desk.expect_response(lambda response: response.url.endswith("/drafts/")) as late:
        held[0].continue_()
    assert late.value.status == 409
    expect(composer(desk)).to_have_value("")
    desk.unroute("**/drafts/")
    assert held_elsewhere(windows, desk) == ""


def test_without_a_network_it_is_kept_and_told_when_there_is_one(windows, stack, ids, asked):
    """Trust G8."""
    desk = asked("Are you still there?")
    type_and_save(desk, "Yes, we")
    desk.context.set_offline(True)
    composer(desk).fill("Yes, we are.")
    send(desk)
    expect(desk.locator(".toast")).to_contain_text("Handled can’t be reached")
    expect(composer(desk)).to_have_value("Yes, we are.")
    found = next(one for one in stack.ask_x("ledger")["dms"] if one["text"].startswith("Are you"))
    stack.tell_x("dms", sender_id=found["sender_id"], recipient_id=ids["acme"], text="Hello?")
    other = windows.open(desk.url, "ben")
    expect(other.locator("#timeline")).to_contain_text("Hello?")
    expect(desk.locator("#timeline")).not_to_contain_text("Hello?")
    with desk.expect_response(is_saved):
        desk.context.set_offline(False)
    expect(desk.locator("#timeline")).to_contain_text("Hello?")
    expect(composer(desk)).to_have_value("Yes, we are.")
    assert held_elsewhere(windows, desk) == "Yes, we are."
    # What came meanwhile was not seen when it was begun.
    send(desk)
    desk.get_by_role("alert").get_by_role("button", name="Send anyway").click()
    expect(desk.locator(".message-ours")).to_contain_text("Sent")
    assert sent(stack, "Yes, we are.") == 1


@pytest.mark.deep
def test_signed_out_it_is_kept_and_told_once_signed_in_again(windows, asked):
    desk = asked("Are you signed in?")
    type_and_save(desk, "I was")
    desk.context.clear_cookies(name=SESSION)
    composer(desk).fill("I was, until now.")
    toast = desk.locator(".toast", has_text="You are signed out")
    with desk.context.expect_page() as opened:
        toast.get_by_role("link", name="Sign in again").click()
    windows.fill_in(opened.value, "ana")
    opened.value.close()
    with desk.expect_response(is_saved):
        desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert held_elsewhere(windows, desk) == "I was, until now."
    send(desk)
    expect(desk.locator(".message-ours")).to_contain_text("I was, until now.")


def test_an_emptied_one_is_gone_at_once_and_one_too_long_is_said_and_stays_here(windows, asked):
    desk = asked("How much is too much?")
    type_and_save(desk, "This much.")
    type_and_save(desk, "")
    assert held_elsewhere(windows, desk) == ""
    composer(desk).fill("a" * 20_001)
    expect(desk.locator(".toast")).to_contain_text("More than 20,000 characters")
    desk.reload()
    expect(composer(desk)).to_have_value("a" * 20_001)
    assert held_elsewhere(windows, desk) == ""


def test_one_emptied_before_its_first_save_was_answered_is_gone(windows, asked):
    desk = asked("Did you think better of it?")
    kept: list[Route] = []

    def keep_unanswered(route: Route) -> None:
        route.fetch()
        kept.append(route)

    desk.route("**/drafts/", keep_unanswered, times=1)
    composer(desk).fill("I did not.")
    until(lambda: kept or desk.wait_for_timeout(50), within=60)
    composer(desk).fill("")
    desk.reload()
    expect(composer(desk)).to_have_value("")
    until(lambda: held_elsewhere(windows, desk) == "", within=60)


def test_what_was_saved_into_a_merge_is_saved_again_at_once(windows, asked):
    """The conversation went into another while the save waited for it."""
    desk = asked("Where did it go?")
    told: list[str] = []

    def merge_once(route: Route) -> None:
        if route.request.method != "POST" or told:
            return route.continue_()
        told.append("merged")
        route.fulfill(status=409, json={"merged": 1})

    desk.route("**/drafts/", merge_once)
    with desk.expect_response(is_saved):
        composer(desk).fill("Over there.")
    assert told == ["merged"]
    assert held_elsewhere(windows, desk) == "Over there."
