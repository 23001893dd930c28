"""The customer page, as HTML and in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.simulator.program import Json, Program
from x_simulator.routes.page import MOST_TO_PICK

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
expect.set_options(timeout=60_000)  # ended by what is expected; a busy machine takes its time


def address(program: Program, customer: Json, brand: Json) -> str:
    return f"{program.url}/?customer={customer['id']}&brand={brand['id']}"


def test_what_a_customer_writes_is_text(program: Program) -> None:
    brand, customer = program.brand(), program.person(name="<i>Eve</i>")
    program.dm(customer, brand, "<script>alert(1)</script> &amp; https://example.com/?a=1&b=2")
    program.post(customer, f"@{brand['username']} <img src=x onerror=alert(1)>")
    page = program.http.get(address(program, customer, brand))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; <a href=" in page.text
    assert 'href="https://example.com/?a=1&amp;b=2"' in page.text
    assert "&lt;img src=x" in page.text
    assert "<i>Eve" not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_an_invitation_leads_to_a_message_that_is_begun(program: Program) -> None:
    """As in X's app: to the brand that invites, whichever one somebody looks at."""
    inviting, other, customer = program.brand(), program.brand(), program.person()
    asked = {"recipient_id": inviting["id"], "text": "Ref 7F-3 & more"}
    program.post(other, f"Write to us: https://twitter.com/messages/compose?{urlencode(asked)}")
    page = program.http.get(address(program, customer, other)).text
    [link] = re.findall(r'href="(/[?]customer=[^"]+)"', page)
    begun = program.http.get(program.url + unescape(link)).text
    assert ">Ref 7F-3 &amp; more</textarea>" in begun
    assert f'<option value="{inviting["id"]}" selected>' in begun
    assert f'<option value="{customer["id"]}" selected>' in begun


def test_it_works_without_its_script(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    form = {"customer": customer["id"], "brand": brand["id"], "text": "by form"}
    sent = program.http.post(f"{program.url}/page/messages", data=form)
    assert sent.status_code == 303
    there = f"{program.url}{sent.headers['location']}"
    assert there == address(program, customer, brand)
    assert "by form" in program.http.get(there).text


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("messages", {"text": "  "}, "Write something first."),
        ("messages", {"text": "x" * 10_001}, "at most 10000"),
        ("posts", {"text": "x" * 281}, "281 characters"),
        ("posts", {"text": "hm", "in_reply_to": "123"}, "was deleted"),
        ("customers", {"username": "two words"}, "1 to 15 letters"),
    ],
)
def test_it_says_why_not(program: Program, path: str, form: Json, sentence: str) -> None:
    people = {"customer": program.person()["id"], "brand": program.brand()["id"]}
    answer = program.http.post(f"{program.url}/page/{path}", data={**people, **form})
    assert answer.status_code >= 400
    assert sentence in answer.text


def test_forms_of_other_sites_are_refused(program: Program) -> None:
    answer = program.http.post(
        f"{program.url}/page/chatty",
        data={"on": "true"},
        headers={"origin": "https://evil.example.com"},
    )
    assert answer.status_code == 403
    assert program.control("GET", "chatty") == {"on": False}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["HANDLED_CHROMIUM"],
            args=FLAGS.split(),
        )
        page = browser.new_page()
        yield page
        browser.close()


@pytest.mark.browser
def test_a_person_is_a_customer(program: Program, page: Page) -> None:
    program.control("POST", "quotas", lifted=True)
    brand, customer = program.brand(), program.person()
    page.goto(address(program, customer, brand))
    page.get_by_test_id("dm-text").fill("Where is my parcel?")
    page.get_by_test_id("dm-send").click()
    messages, posts = page.get_by_test_id("dm-list"), page.get_by_test_id("post-list")
    expect(messages).to_contain_text("Where is my parcel?")
    expect(page.get_by_test_id("dm-text")).to_have_value("")
    answer = {"json": {"text": "On its way <b>now</b>"}}
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    assert program.call("POST", path, brand["token"], **answer).status_code == 201
    expect(messages).to_contain_text("On its way <b>now</b>")

    page.get_by_test_id("post-text").fill(f"@{brand['username']} anyone there?")
    page.get_by_test_id("post-send").click()
    expect(posts).to_contain_text("anyone there?")
    (complaint,) = program.get(f"/2/users/{brand['id']}/mentions", brand["token"])["data"]
    page.get_by_test_id(f"reply-to-{complaint['id']}").click()
    expect(page.get_by_text(f"Replying to @{customer['username']}")).to_be_visible()
    page.get_by_test_id("post-text").fill("I found it myself")
    page.get_by_test_id("post-send").click()
    expect(posts).to_contain_text("I found it myself")
    newest = program.get(f"/2/users/{brand['id']}/mentions", brand["token"])["data"]
    assert len(newest) == 2
    program.control("POST", "quotas", lifted=False)


def test_others_posts_and_gone_ones_stay_as_they_are(program: Program) -> None:
    brand, customer, other = program.brand(), program.person(), program.person()
    post = program.post(customer, f"@{brand['username']} mine")
    form = {"customer": other["id"], "brand": brand["id"], "post": post, "text": "stolen"}
    for deed in ("edit", "delete"):
        answer = program.http.post(f"{program.url}/page/posts/{deed}", data=form)
        assert (answer.status_code, "your own posts" in answer.text) == (403, True)
    assert f"edit-{post}" in program.http.get(address(program, customer, brand)).text
    assert f"edit-{post}" not in program.http.get(address(program, other, brand)).text
    gone = {**form, "customer": customer["id"]}
    assert program.http.post(f"{program.url}/page/posts/delete", data=gone).status_code == 303
    assert program.http.post(f"{program.url}/page/posts/edit", data=gone).status_code == 409


@pytest.mark.browser
def test_a_customer_edits_and_deletes_a_post_of_theirs(program: Program, page: Page) -> None:
    brand, customer = program.brand(), program.person()
    post = program.post(customer, f"@{brand['username']} wehre is it & why?")
    page.goto(address(program, customer, brand))
    posts = page.get_by_test_id("post-list")
    page.get_by_test_id(f"edit-{post}").click()
    words = page.get_by_test_id(f"edit-text-{post}")
    expect(words).to_have_value(f"@{brand['username']} wehre is it & why?")
    words.fill(f"@{brand['username']} where is it & why?")
    page.get_by_test_id(f"edit-save-{post}").click()
    expect(posts).to_contain_text("where is it & why?")
    expect(posts).not_to_contain_text("wehre")
    posts.get_by_role("button", name="Delete this post").click()
    expect(posts).not_to_contain_text("where is it")


@pytest.mark.browser
def test_a_new_customer_can_be_made_and_charlie_switched(program: Program, page: Page) -> None:
    brand, customer = program.brand(), program.person()
    page.goto(address(program, customer, brand))
    page.get_by_test_id("new-customer").click()
    page.get_by_test_id("new-customer-name").fill("Nora New")
    page.get_by_test_id("new-customer-username").fill(customer["username"])
    page.get_by_test_id("new-customer-save").click()
    expect(page.get_by_role("alert").filter(has_text="is taken")).to_be_visible()
    page.get_by_test_id("new-customer-username").fill("nora_new")
    page.get_by_test_id("new-customer-save").click()
    expect(page.get_by_text("in private, as @nora_new")).to_be_visible()
    switch = page.get_by_test_id("chatty-switch")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    program.control("POST", "chatty", on=False)
    expect(switch).to_contain_text("Writes by himself: off")


def test_whoever_is_asked_for_can_be_picked_however_many_there_are(program: Program) -> None:
    many = [{"username": f"zz_{number:04d}"} for number in range(MOST_TO_PICK + 1)]
    last = program.control("POST", "users", users=many)["users"][-1]
    page = program.http.get(f"{program.url}/", params={"customer": last["id"]}).text
    assert f'<option value="{last["id"]}" selected>' in page
    assert page.count("(@zz_") <= MOST_TO_PICK + 1


@pytest.mark.browser
def test_a_customer_moves_to_encrypted_chat(program: Program, page: Page) -> None:
    brand, customer = program.brand(), program.person()
    page.goto(address(program, customer, brand))
    page.get_by_test_id("encryption-switch").click()
    expect(page.get_by_test_id("encryption-switch")).to_have_attribute("aria-checked", "true")
    page.get_by_test_id("dm-text").fill("Between you and me")
    page.get_by_test_id("dm-send").click()
    expect(page.get_by_test_id("dm-list")).to_contain_text("Between you and me")
    expect(page.get_by_test_id("dm-list")).to_contain_text("encrypted")
    assert "data" not in program.get("/2/dm_events", brand["token"])
