"""We ask our own address X's question, the way X does."""

from __future__ import annotations

import json

import pytest

from tests.twitter_sync.rude import says, serving
from twitter_sync.actions.challenging import NOT_REACHED, challenge
from twitter_sync.models import Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(settings) -> Webhook:
    return Webhook.objects.create(url=settings.X_WEBHOOK_URL, external_id="1", is_valid=True)


def asked_at(settings, url: str) -> Webhook:
    """The answer of another server at our address."""
    settings.X_WEBHOOK_URL = f"{url}/webhooks/x/"
    Webhook.objects.update(url=settings.X_WEBHOOK_URL)
    return challenge()


def test_a_right_answer_is_timed(webhook_url):
    Webhook.objects.create(url=webhook_url, external_id="1", is_valid=True)
    found = challenge()
    assert found.answer_failure == ""
    assert 0 < found.answered_in_seconds < 10
    assert Webhook.objects.get().asked_at == found.asked_at


@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        (says("404 Not Found", "nothing here"), "It answers 404."),
        (says("200 OK", json.dumps({"response_token": "sha256=wrong"})), "another secret"),
        (says("200 OK", "[]"), "No answer"),
        (says("302 Found", location="https://elsewhere.example/"), "It answers 302."),
    ],
)
def test_a_wrong_answer_is_named(webhook, settings, answer, flaw):
    with serving(answer) as url:
        found = asked_at(settings, url)
    assert flaw in found.answer_failure
    assert Webhook.objects.get().is_valid, "X decides about that"


def test_an_address_that_can_not_be_reached_from_here_may_still_be_fine(webhook, settings):
    found = asked_at(settings, "http://127.0.0.1:9")
    assert (found.answer_failure, found.answered_in_seconds) == (NOT_REACHED, None)


def test_it_is_well_again_after_a_right_answer(webhook_url):
    Webhook.objects.create(url=webhook_url, external_id="1", answer_failure="It answers 502.")
    assert challenge().answer_failure == ""


def test_where_x_was_told_of_no_address_nothing_is_asked(settings):
    Webhook.objects.create(url=settings.X_WEBHOOK_URL)
    assert challenge() is None
    assert Webhook.objects.get().asked_at is None
