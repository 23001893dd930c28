"""The composer's counter says the number that the server will say, for every text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from inbox.text.weight import reply_weight, weighted_length
from tests.inbox.test_weight import PARTS, counted_cases, real_texts

SCRIPTS = Path(__file__).parents[2] / "static" / "js"
ORIGIN = "http://counter.invalid"
IMPORTS = {f"lib/{name}": f"{ORIGIN}/lib/{name}.js" for name in ("links", "weight", "weight_rules")}
PAGE = f'<script type="importmap">{json.dumps({"imports": IMPORTS})}</script>'
COUNT = """async (texts) => {
  const { replyWeight, weightedLength } = await import("lib/weight")
  return texts.map((text) => [weightedLength(text), replyWeight(text)])
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own with the desk's modules and nothing else."""
    page = browser.new_page()
    page.route(f"{ORIGIN}/**", answer)
    page.goto(ORIGIN)
    yield page
    page.close()


def answer(route: Route) -> None:
    path = SCRIPTS / route.request.url.removeprefix(f"{ORIGIN}/")
    if path.is_file():
        route.fulfill(body=path.read_text(), content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


def both(texts: list[str]) -> list[list[int]]:
    return [[weighted_length(text), reply_weight(text)] for text in texts]


def test_it_counts_mixed_texts_as_the_server_does(page):
    texts = [first + second + third for first in PARTS for second in PARTS for third in PARTS[::5]]
    texts += ["https://" + letter * 70 + ".com" for letter in ("字", "a", "ü", "😀", "字。b")]
    assert page.evaluate(COUNT, texts) == both(texts)


def test_it_counts_long_texts_as_the_server_does(page):
    texts = ["a." * 4_000 + "com", "字" * 12_000 + " x.com", "word x.com " * 1_300]
    assert page.evaluate(COUNT, texts) == both(texts)


@pytest.mark.shared_data
def test_it_counts_real_texts_and_the_conformance_suite_as_the_server_does(page):
    texts = [case["text"] for case in [*real_texts(), *counted_cases()]]
    assert len(texts) == 2034 + 42
    assert page.evaluate(COUNT, texts) == both(texts)
