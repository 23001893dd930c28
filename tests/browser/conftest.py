"""A real browser before the real thing: one stack and one Chromium for the tests of this folder.

Playwright's own loop stays inside this package, where no test touches Django's database.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.cast import PASSWORD
from tests.stack import Stack, running

HERE = Path(__file__).parent
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = (HERE / "axe.js").read_text()
# Half way from light to dark no contrast is right; a spinner never ends.
AT_REST = """async () => {
  const ends = one => one.effect.getComputedTiming().endTime < Infinity;
  await Promise.allSettled(document.getAnimations().filter(ends).map(one => one.finished));
}"""
# Told by the page before any of its own scripts run.
WATCH = (
    "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective))"
)
# The browser's and htmx's own lines about a refusal, or a line that is down, that a test is about.
REFUSALS = (
    "Failed to load resource",
    "Response Status Error Code",
    "htmx:afterRequest",
    "htmx:sendError",
)
NUMBERS = count(1)
MOST_STEPS = 100
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# A page on a phone is the same fragments in another order: test_accessibility.py looks at the main
# ones in both sizes in every run, the others on a phone are left to `make check-deep`.
SIZES = [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone", marks=pytest.mark.deep)]

# Milliseconds; ended by what is expected, but a busy machine takes its time.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.processes)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="package")
def cast(stack: Stack) -> dict[str, dict[str, str]]:
    told = stack.manage("-m", "tests.browser.cast", stack.simulator)
    made: dict[str, Any] = json.loads(next(line for line in told.splitlines() if line[0] == "{"))
    return made


@pytest.fixture(scope="package")
def ids(cast: dict[str, dict[str, str]]) -> dict[str, str]:
    """Everybody's id on X, by handle."""
    return cast["ids"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ["HANDLED_CHROMIUM"]
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Windows:
    """Opens pages as a person of the cast; remembers what went wrong in any of them."""

    browser: Browser
    stack: Stack
    sessions: dict[str, str]
    contexts: list[BrowserContext] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def context(self, who: str = "", before: str = "", **options: Any) -> BrowserContext:
        """A browser of one's own. `before` is script that runs first in every page.

        Its person asked for little motion, so that what a test looks at stands still.
        """
        context = self.browser.new_context(
            **{
                "viewport": WIDE,
                "storage_state": self.state(who),
                "reduced_motion": "reduce",
                **options,
            }
        )
        context.add_init_script(WATCH + ";" + before)
        context.set_default_timeout(PATIENCE)
        context.on("page", self.watch)
        self.contexts.append(context)
        return context

    def open(self, address: str, who: str = "", **options: Any) -> Page:
        page = self.context(who, **options).new_page()
        page.goto(self.stack.web + address if address.startswith("/") else address)
        return page

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        page.on("console", lambda said: self.heed(said.type, said.text))

    def heed(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(REFUSALS):
            self.troubles.append(f"console {kind}: {text}")

    def state(self, who: str) -> Any:
        """What a browser remembers of somebody who has signed in."""
        if not who:
            return None
        cookie = {"name": "handled_session", "value": self.sessions[who], "url": self.stack.web}
        return {"cookies": [cookie]}

    def fill_in(self, page: Page, who: str) -> None:
        page.get_by_label("E-mail").fill(f"{who}@example.com")
        page.get_by_label("Password").fill("a-long-password-9" if who == "olga" else PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".topbar")).to_be_visible()


@pytest.fixture
def windows(browser: Browser, stack: Stack, cast: dict[str, dict[str, str]]) -> Iterator[Windows]:
    windows = Windows(browser, stack, cast["sessions"])
    yield windows
    for context in windows.contexts:
        context.close()
    assert not windows.troubles


@pytest.fixture
def somebody(stack: Stack) -> Callable[..., str]:
    """`somebody("piet")`: the id on X of a customer of this test alone, who is @piet_7 or the like.
    What another test left half typed, or sent in its last moment, is in another conversation.
    """
    known: dict[str, str] = {}

    def somebody(who: str, **told: str) -> str:
        if who not in known:
            handle = f"{who}_{next(NUMBERS)}"
            person = {"username": handle, "name": f"{who.title()} Customer", **told}
            known[who] = str(stack.tell_x("users", users=[person])["users"][0]["id"])
        return known[who]

    return somebody


@pytest.fixture
def writes(stack: Stack, ids: dict[str, str], somebody: Callable[..., str]) -> Callable[..., str]:
    """`writes("piet", "Hello")`: a DM to @acme; with `public=True` a post that names it."""

    def writes(who: str, text: str, *, to: str = "acme", public: bool = False) -> str:
        author = somebody(who)
        if public:
            told = stack.tell_x("posts", author_id=author, text=f"@{to} {text}")
        else:
            told = stack.tell_x("dms", sender_id=author, recipient_id=ids[to], text=text)
        return str(told["id"])

    return writes


def step_to(place: Locator, key: str) -> None:
    """By a key that goes on to the next; there may be others before it."""
    for _ in range(MOST_STEPS):
        if place.evaluate("place => place === document.activeElement"):
            return
        place.page.keyboard.press(key)
    expect(place).to_be_focused()


def number_of(page: Page) -> int:
    """The number of the conversation that the page is about."""
    found = re.search(r"/conversations/(\d+)/", page.url)
    assert found, page.url
    return int(found[1])


def axe(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe finds wrong with the page as it is; empty when nothing."""
    if not page.evaluate("'axe' in window"):  # more than half a megabyte, once for each page
        page.evaluate("source => { (0, eval)(source); }", AXE)
    page.evaluate(AT_REST)
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
