"""An admin runs a handle, from its settings to its end, while a desk is open beside."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SIZES, axe


def connect(page: Page, handle: str) -> None:
    """From the page that says what is going to happen, through X, back to ours."""
    page.get_by_role("button", name="Go on to X").click()
    page.get_by_test_id(f"consent-{handle}").check()
    page.get_by_test_id("consent-approve").click()
    expect(page.locator(".toast")).to_contain_text(f"@{handle} is connected")


def made(windows, stack, handle: str) -> tuple[Page, str]:
    """A handle of its own, which Ada has just connected and X tells of, and its id on X."""
    person = {"username": handle, "name": handle.title(), "brand": True}
    x_id = stack.tell_x("users", users=[person])["users"][0]["id"]
    page = windows.open("/handles/connect/", "ada")
    connect(page, handle)
    expect(page.locator("#checklist")).to_contain_text("6 of 6 subscriptions")
    return page, x_id


def test_undo_and_greeting_do_what_the_settings_say(windows, stack, ids):
    admin, x_id = made(windows, stack, "tidewater")
    admin.get_by_role("link", name="Settings").click()
    admin.get_by_label("Name of the team").fill("the Tidewater crew")
    admin.get_by_label("Public replies wait, in seconds").fill("60")
    admin.get_by_label("Private replies wait, in seconds").fill("1")
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator(".toast")).to_contain_text("Saved.")

    stack.tell_x("dms", sender_id=ids["rosa"], recipient_id=x_id, text="Is the ferry late?")
    stack.tell_x("posts", author_id=ids["rosa"], text="@tidewater nobody tells us anything")
    desk = windows.open("/desk/?view=open&brand=tidewater", "ada")
    desk.get_by_role("link", name="nobody tells us").click()
    expect(desk.locator("#timeline")).to_contain_text("Is the ferry late?")

    desk.get_by_role("tab", name="Private message").click()
    words = desk.get_by_label("Private message to @rosa")
    words.fill("It is on time.")
    desk.get_by_role("button", name="Greet").click()
    expect(words).to_have_value("Hi Rosa, Ada from the Tidewater crew here. It is on time.")
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    expect(desk.locator(".message-dm.message-ours")).to_contain_text("Sent")

    desk.get_by_role("tab", name="Public reply").click()
    words = desk.get_by_label("Public reply to @rosa, as @tidewater")
    words.fill("We tell everybody now!")
    desk.get_by_role("button", name="Post publicly as @tidewater").click()
    ours = desk.locator(".message-public.message-ours")
    expect(ours).to_contain_text("Not sent yet")
    expect(words).to_have_value("")
    words.press("Control+z")
    expect(words).to_have_value("We tell everybody now!")
    expect(ours).to_contain_text("Cancelled")
    desk.get_by_role("button", name="Post publicly as @tidewater").click()
    ours = ours.last
    expect(ours).to_contain_text("Not sent yet")
    expect(words).to_have_value("")
    words.fill("And sorry.")
    ours.get_by_role("button", name="Undo").click()
    expect(words).to_have_value("We tell everybody now!\n\nAnd sorry.")
    expect(words).to_be_focused()
    expect(ours).to_contain_text("Cancelled")
    posts = stack.ask_x("ledger")["posts"]
    assert not [post for post in posts if post["author_id"] == x_id]


def test_a_handle_is_paused_disconnected_reconnected_and_erased(windows, stack, ids):
    admin, x_id = made(windows, stack, "saltmarsh")
    stack.tell_x("dms", sender_id=ids["piet"], recipient_id=x_id, text="Do you rent canoes?")
    desk = windows.open("/desk/?view=open&brand=saltmarsh", "ada")
    desk.get_by_role("link", name="Do you rent canoes?").click()
    words = desk.get_by_label("Private message to @piet")

    admin.get_by_role("link", name="Pause and disconnect").click()
    admin.get_by_role("button", name="Pause @saltmarsh").click()
    admin.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(admin.get_by_text("Paused by Ada Admin, today")).to_be_visible()
    expect(desk.locator("#handle-state")).to_contain_text("@saltmarsh is paused by Ada Admin")
    words.fill("We do, by the hour.")
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    ours = desk.locator(".message-ours")
    expect(ours).to_contain_text("Waits: the handle is paused")
    admin.get_by_role("button", name="Resume @saltmarsh").click()
    expect(ours).to_contain_text("Sent")
    expect(desk.locator("#handle-state")).to_have_count(0)

    admin.get_by_role("button", name="Disconnect @saltmarsh").click()
    admin.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(admin.locator(".toast")).to_contain_text("Its tokens are void.")
    expect(desk.locator("#handle-state")).to_contain_text("@saltmarsh is disconnected")
    expect(words).to_have_count(0)
    expect(desk.locator("#timeline")).to_contain_text("We do, by the hour.")

    admin.get_by_role("link", name="Reconnect @saltmarsh").click()
    connect(admin, "saltmarsh")
    expect(desk.locator("#handle-state")).to_have_count(0)
    desk.get_by_role("tab", name="Private message").click()
    expect(words).to_be_visible()

    admin.get_by_role("link", name="Pause and disconnect").click()
    typed = admin.get_by_label("Type the handle to confirm")
    typed.fill("saltmarch")
    admin.get_by_role("button", name="Erase everything of @saltmarsh").click()
    expect(admin.locator(".field-errors")).to_contain_text("Nothing was erased.")
    expect(typed).to_have_value("saltmarch")
    typed.fill("saltmarsh")
    admin.get_by_role("button", name="Erase everything of @saltmarsh").click()
    expect(admin.get_by_role("heading", name="@saltmarsh is erased")).to_be_visible()
    admin.get_by_role("link", name="All handles").click()
    expect(admin.get_by_role("link", name="@saltmarsh", exact=True)).to_be_visible()
    gone = windows.stack.web + "/handles/@saltmarsh/"
    assert admin.request.get(gone).status == 404


def test_a_reply_that_waits_is_edited_past_the_same_guards(windows, stack, ids):
    admin, x_id = made(windows, stack, "reedbank")
    stack.tell_x("posts", author_id=ids["greta"], text="@reedbank is anybody there?")
    stack.tell_x("dms", sender_id=ids["greta"], recipient_id=x_id, text="Then I ask here.")
    desk = windows.open("/desk/?view=open&brand=reedbank", "ada", bypass_csp=True)
    desk.get_by_role("link", name="Then I ask here.").click()
    expect(desk.locator("#timeline")).to_contain_text("is anybody there?")
    admin.get_by_role("link", name="Pause and disconnect").click()
    admin.get_by_role("button", name="Pause @reedbank").click()
    admin.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(desk.locator("#handle-state")).to_contain_text("@reedbank is paused")

    desk.get_by_role("tab", name="Private message").click()
    desk.get_by_label("Private message to @greta").fill("We call you.")
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    overrule(desk.locator("#composer").get_by_role("alert"), "Send anyway")
    ours = desk.locator(".message-ours")
    expect(ours).to_contain_text("Waits: the handle is paused")
    ours.get_by_text("Edit", exact=True).click()
    words = ours.get_by_label("What it says")
    words.press("Escape")
    expect(words).to_be_hidden()
    ours.get_by_text("Edit", exact=True).click()
    words.fill("We call you at noon.")
    words.press("Escape")
    # Not gone at one stroke.
    expect(ours.get_by_role("button", name="Leave it")).to_be_focused()
    expect(words).to_have_value("We call you at noon.")
    words.press("Control+Enter")
    stopped = ours.get_by_role("alert")
    expect(stopped).to_contain_text("everyone sees that nobody answered")
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        assert axe(desk) == []
    overrule(stopped, "Save anyway")
    expect(ours.locator(".message-body")).to_contain_text("We call you at noon.")
    expect(stopped).to_have_count(0)


def test_what_is_edited_while_the_message_goes_out_is_said_and_not_lost(windows, stack, ids):
    admin, x_id = made(windows, stack, "willowbank")
    stack.tell_x("dms", sender_id=ids["greta"], recipient_id=x_id, text="When do you open?")
    desk = windows.open("/desk/?view=open&brand=willowbank", "ada", bypass_csp=True)
    desk.get_by_role("link", name="When do you open?").click()
    admin.get_by_role("link", name="Pause and disconnect").click()
    admin.get_by_role("button", name="Pause @willowbank").click()
    admin.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(desk.locator("#handle-state")).to_contain_text("@willowbank is paused")
    composer = desk.get_by_label("Private message to @greta")
    composer.fill("We open at nine.")
    desk.get_by_role("button", name=re.compile("^Send privately")).click()
    ours = desk.locator(".message-ours")
    ours.get_by_text("Edit", exact=True).click()
    ours.get_by_label("What it says").fill("We open at ten.")

    admin.get_by_role("button", name="Resume @willowbank").click()
    expect(ours).to_contain_text("It was sent as it stands above.")
    expect(ours.locator(".message-body")).to_have_text("We open at nine.")
    expect(ours.get_by_label("What it says")).to_have_value("We open at ten.")
    expect(ours.get_by_role("button", name="Save")).to_be_hidden()
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        assert axe(desk) == []
    ours.get_by_role("button", name="Go on with it below").click()
    expect(composer).to_have_value("We open at ten.")
    expect(ours.get_by_label("What it says")).to_have_count(0)


def overrule(alert: Locator, name: str) -> None:
    alert.get_by_label("Why it is sent nevertheless").fill("She asked for it.")
    alert.get_by_role("button", name=name).click()


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_on_the_pages_that_run_a_handle(windows, size):
    found = {}
    # axe brings a style sheet of its own, which our policy would refuse, and would measure colours
    # half-way from light to dark.
    context = windows.context("ada", viewport=size, bypass_csp=True)
    for address in ("settings", "people", "running"):
        page = context.new_page()
        page.goto(f"{windows.stack.web}/handles/@acme/{address}/")
        found[f"{address} light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        found[f"{address} dark"] = axe(page, ["color-contrast"])
        if address == "running":
            page.get_by_role("button", name="Disconnect @acme").click()
            found["dialog dark"] = axe(page)
        page.close()
    assert not {where: what for where, what in found.items() if what}
