"""No link of a customer's leads elsewhere than it says: `inbox.text.addresses` (trust X2)."""

from __future__ import annotations

import re

import pytest

from inbox.text.render import render
from tests.factories import make_message


def shown(href: str) -> tuple[str, str, str]:
    """The kind, the words and the address that a link to `href` gets."""
    url = {"start": 0, "end": 4, "url": "link", "expanded_url": href, "display_url": "x’s form"}
    [part] = render("link", {"urls": [url]})
    return part.kind, part.text, part.href


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "https://",
        "https:///evil.example",
        "https://x.com@evil.example/",
        "https://x.com:secret@evil.example/",
        "https://evil.example\\.x.com/",
        "https:\\\\evil.example",
        "https://a\nb",
        "https://a\x00b",
        "java\tscript:alert(1)",
        "https://x.com/\u202egnp.exe",
        "https://x\u200b.com/",
        "https://[::1",
        f"https://{'a' * 64}.example/",
    ],
)
def test_what_is_no_plain_web_address_stays_text(href):
    assert shown(href) == ("text", "link", "")


@pytest.mark.parametrize(
    "href",
    [
        "https://a.example/?b=1",
        "http://A.example",
        "https://müller.example/",
        "https://xn--80ak6aa92e.com/",
        "https://пример.рф/",
        "https://例え.テスト/",
        "https://مثال.إختبار/",
    ],
)
def test_an_honest_name_is_shown_as_x_shows_it(href):
    assert shown(href) == ("link", "x’s form", href)


@pytest.mark.parametrize(
    ("href", "bare"),
    [
        ("https://аррӏе.com/id", "https://xn--80ak6aa92e.com/id"),
        ("https://раypal.com/", "https://xn--ypal-43d9g.com/"),
        ("https://micrоsoft.рф/", "https://xn--micrsoft-qbh.xn--p1ai/"),
    ],
)
def test_letters_that_pass_for_others_are_shown_as_what_they_are(href, bare):
    assert shown(href) == ("link", bare, bare)


def test_a_link_is_opened_apart_and_says_where_it_leads(show, ana, public_thread):
    """Its page learns neither who we are nor where we come from."""
    href = "https://a.example/?b=1"
    url = {"start": 0, "end": 14, "url": "https://t.co/x", "expanded_url": href}
    make_message(public_thread, "https://t.co/x", entities={"urls": [url]})
    link = re.search(r"<a [^>]*a\.example[^>]*>", show(ana).text)
    assert link
    assert 'rel="noopener noreferrer nofollow"' in link[0]
    assert f'title="{href}"' in link[0]
