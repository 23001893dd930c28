"""A newcomer comes in by mail, and is out the moment an admin says so."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

CHOSEN = "seven new words to say"


def invite(olga: Page, name: str, email: str) -> None:
    olga.get_by_label("E-mail").fill(email)
    olga.get_by_label("Name", exact=True).fill(name)
    olga.get_by_label("Handle", exact=True).select_option(label="@acme")
    olga.get_by_role("button", name="Invite").click()
    expect(olga.locator(".toast")).to_contain_text(f"on its way to {email}")


def mail_to(olga: Page, email: str) -> Locator:
    """The newest mail to an address; a worker sends it a moment after it was promised."""
    mail = olga.locator("article", has_text=f"to {email}").first
    olga.goto(re.sub(r"(https?://[^/]+).*", r"\1/mailbox/", olga.url))
    for _ in range(100):
        if mail.count():
            return mail
        olga.wait_for_timeout(100)
        olga.reload()
    raise AssertionError(f"no mail to {email}")


def test_an_invited_person_gets_in_and_a_disabled_one_out(windows):
    olga = windows.open("/people/invite/", "olga")
    invite(olga, "Kim Newcomer", "kim@example.com")
    link = mail_to(olga, "kim@example.com").get_by_role("link", name="/invitations/")

    kim = windows.open(link.get_attribute("href"))
    expect(kim.get_by_role("heading", name="Welcome, Kim")).to_be_visible()
    kim.get_by_label("New password", exact=True).fill(CHOSEN)
    kim.get_by_label("New password again").fill(CHOSEN)
    kim.get_by_label("Time zone").select_option("Asia/Tokyo")
    kim.get_by_role("button", name="Start").click()
    expect(kim).to_have_url(re.compile("/desk/"))

    with olga.expect_navigation():
        olga.get_by_role("link", name="People", exact=True).click()
    olga.get_by_role("link", name="Kim Newcomer").click()
    olga.get_by_role("button", name="Disable").click()
    with kim.expect_response(lambda answer: answer.status == 401):
        olga.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(olga.locator(".badge-danger")).to_contain_text("Disabled")
    kim.reload()
    expect(kim).to_have_url(re.compile("/sign-in/"))
