"""Consenting on X's page, as a browser would, and the rows that come of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
from django.http import HttpResponse
from django.test import Client as Browser

from accounts.models import BrandAccount, Membership, User
from twitter_sync.models import Connection, Subscription, SyncCursor

SignIn = Callable[[Browser, User], Browser]
Connected = Callable[..., BrandAccount]
PLACES = (BrandAccount, Connection, Membership, Subscription, SyncCursor)


def rows() -> list[int]:
    return [model._default_manager.count() for model in PLACES]


def go_to_x(browser: Browser, **form: object) -> str:
    answer = browser.post("/handles/connect/", form)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def say(there: str, person: dict[str, str] | None) -> str:
    """Consent on X's page as `person`, or refuse; the address that X sends the browser back to."""
    page = httpx.get(there, trust_env=False)
    assert page.status_code == 200, page.text
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    form = {name: unescape(value) for name, value in hidden}
    form |= {"decision": "approve", "user_id": person["id"]} if person else {"decision": "deny"}
    answer = httpx.post(there.partition("?")[0], data=form, trust_env=False)
    assert answer.status_code in (302, 303), answer.text
    return str(answer.headers["location"])


def come_back(browser: Browser, back: str, **changed: str) -> HttpResponse:
    parts = urlsplit(back)
    return browser.get(parts.path, dict(parse_qsl(parts.query)) | changed)
