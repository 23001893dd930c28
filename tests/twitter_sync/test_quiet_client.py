"""Whatever X answers, no log at any level has a token of ours or a word of a customer (trust T5).

The answers quote both, as error bodies do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
import structlog
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.twitter_sync import rude
from tests.twitter_sync.every_call import EVERY_CALL, WORDS, calls_of_the_client
from twitter_sync import arrivals, budgets, oauth, tokens
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.models import Connection
from twitter_sync.oauth import TokenPair

TOKEN, REFRESH = "canary-access-token", "canary-refresh-token"
SECRETS = ["canary-consumer-secret", "canary-client-secret"]
QUOTED = f"{WORDS} {TOKEN} {REFRESH}"
CANARY = "canary"
ERRORS = {
    "problem": f'{{"title":"{QUOTED}","detail":"{QUOTED}","type":"https://x/{TOKEN}"}}',
    "older": f'{{"errors":[{{"code":88,"message":"{QUOTED}","type":"{WORDS}"}}]}}',
    "text": QUOTED,
}
LINES = (
    f'{{"data":{{"text":"{QUOTED}"}}}}\n'
    f'{{"errors":[{{"disconnect_type":"{QUOTED}","detail":"{QUOTED}"}}]}}\n'
)
ANSWERS: dict[str, rude.Answer] = {
    f"{status} {name}": rude.says(f"{status} {QUOTED}", body, x_said=QUOTED)
    for status in (400, 401, 402, 403, 404, 409, 429, 500, 503)
    for name, body in ERRORS.items()
    if status in (403, 429) or name == "problem"
} | {
    "200 words": rude.says("200 OK", QUOTED, x_said=QUOTED),
    "200 data": rude.says("200 OK", f'{{"data":{{"text":"{QUOTED}","{WORDS}":1}}}}'),
    "200 lines": rude.says("200 OK", LINES),
    "307": rude.says("307 Temporary Redirect", QUOTED, location=f"http://127.0.0.1:9/{TOKEN}"),
    "cut": rude.says("200 OK", QUOTED, content_length="9999"),
    "reset": rude.resets,
    "no http": lambda connection: connection.sendall(QUOTED.encode() + b"\r\n\r\n"),
}


@pytest.fixture
def brand(db: None, acme: BrandAccount, settings: Settings) -> BrandAccount:
    settings.X_CONSUMER_SECRET, settings.X_CLIENT_SECRET = SECRETS
    pair = TokenPair(TOKEN, REFRESH, expires_at=timezone.now() + timedelta(hours=2))
    Connection.objects.create(brand=acme, **tokens.columns(pair))
    return acme


@pytest.fixture
def overheard(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], str]]:
    """Everything that any logger says, at DEBUG, and everything printed."""
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(arrivals, "_named", set())
    oauth.forget_bearer()
    yield lambda: caplog.text + "".join(capfd.readouterr())
    oauth.forget_bearer()


def test_every_call_is_tried():
    assert EVERY_CALL.keys() == calls_of_the_client()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_nothing_is_told_on(
    brand: BrandAccount, settings: Settings, overheard: Callable[[], str], answer: rude.Answer
) -> None:
    heard = list[str]()
    with rude.serving(answer, heard) as settings.X_API_URL, budgets.lifted():
        client = Client(TOKEN, scope=budgets.user_scope(brand.x_user_id), brand=brand)
        for call in EVERY_CALL.values():
            client.bearer_token = TOKEN
            BrandAccount.objects.update(status=BrandAccount.Status.CONNECTED)
            attempt(partial(call, client))
        for signing_in in (
            lambda: oauth.exchange_code(WORDS, verifier=WORDS),
            lambda: oauth.refresh(REFRESH),
            lambda: oauth.revoke(REFRESH),
            oauth.app_bearer,
        ):
            attempt(signing_in)
    said = overheard()
    assert "as a worker would" in said
    assert CANARY not in said
    assert len(heard) >= len(EVERY_CALL) - 1
    assert any(TOKEN in call for call in heard)


def attempt(call: Callable[[], object]) -> None:
    """Made, and what it raises logged whole, with its causes, both ways that we log."""
    try:
        call()
    except XError as error:
        logging.getLogger("celery").exception("as a worker would")
        structlog.get_logger("twitter_sync").exception("as we would", error=repr(error))
