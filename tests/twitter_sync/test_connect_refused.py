"""Nothing else gets in (trust S5, T4): refused with a page that helps, and no row."""

from __future__ import annotations

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import BrandAccount, Membership, Role, User
from tests.twitter_sync.consenting import Connected, SignIn, come_back, go_to_x, rows, say
from tests.x import Simulator
from twitter_sync import consent, oauth
from twitter_sync.actions.connecting import connect
from twitter_sync.consent import SESSION_KEY
from twitter_sync.models import Connection, Webhook


def is_refused(answer: HttpResponse, status: int = 400) -> bool:
    return answer.status_code == status and "Start again" in answer.content.decode()


def test_an_answer_without_a_state_is_refused(simulator: Simulator, browser: Browser) -> None:
    go_to_x(browser)
    before = rows()
    for asked in ({}, {"code": "x"}, {"code": "x", "state": ""}, {"code": "x", "state": "ä"}):
        assert is_refused(browser.get("/handles/callback/", asked))
    assert rows() == before


def test_a_state_of_before_is_refused(simulator: Simulator, browser: Browser) -> None:
    person, first = simulator.brand(), go_to_x(browser)
    go_to_x(browser)
    before = rows()
    assert is_refused(come_back(browser, say(first, person)))
    assert rows() == before


def test_a_state_that_took_too_long_is_refused(
    simulator: Simulator, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "LIFE_SECONDS", -1)
    person, before = simulator.brand(), rows()
    assert is_refused(come_back(browser, say(go_to_x(browser), person)))
    assert rows() == before


def test_a_state_of_another_session_is_refused(
    simulator: Simulator, browser: Browser, ada: User, sign_in: SignIn
) -> None:
    """The trick by which one admin would connect a handle of theirs to another's desk."""
    back, before = say(go_to_x(browser), simulator.brand()), rows()
    assert is_refused(come_back(sign_in(Browser(), ada), back))
    assert rows() == before


def test_another_admin_in_the_same_browser_is_refused(
    simulator: Simulator, browser: Browser, olga: User, sign_in: SignIn
) -> None:
    back, before = say(go_to_x(browser), simulator.brand()), rows()
    assert is_refused(come_back(sign_in(browser, olga), back))
    assert rows() == before


def test_even_when_the_session_outlives_the_person_is_it_refused(
    simulator: Simulator, browser: Browser, olga: User
) -> None:
    back, before = say(go_to_x(browser), simulator.brand()), rows()
    session = browser.session
    session[SESSION_KEY] |= {"user": olga.pk}
    session.save()
    answer = come_back(browser, back)
    assert is_refused(answer)
    assert "Somebody else" in answer.content.decode()
    assert rows() == before


def test_a_state_used_twice_is_refused(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    back = say(go_to_x(browser), simulator.brand())
    assert come_back(browser, back).status_code == 302
    before = rows()
    assert is_refused(come_back(browser, back))
    assert rows() == before


def test_a_code_used_twice_is_refused_by_x(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    used = say(go_to_x(browser), simulator.brand())
    come_back(browser, used)
    before = rows()
    fresh = say(go_to_x(browser), simulator.brand())
    code = parse_qs(urlsplit(used).query)["code"][0]
    assert is_refused(come_back(browser, fresh, code=code), 502)
    assert rows() == before


def test_a_code_of_somebody_else_is_refused_by_x(
    simulator: Simulator, browser: Browser, nia: User, sign_in: SignIn
) -> None:
    """PKCE: a stolen code is worth nothing without the verifier of its own session."""
    stolen = say(go_to_x(sign_in(Browser(), nia)), simulator.brand())
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    before, mine = rows(), say(go_to_x(browser), simulator.brand())
    assert is_refused(come_back(browser, mine, code=code), 502)
    assert rows() == before


def test_a_no_is_taken_as_one(simulator: Simulator, browser: Browser) -> None:
    before, back = rows(), say(go_to_x(browser), None)
    assert "error=access_denied" in back
    answer = come_back(browser, back)
    assert is_refused(answer)
    assert "access was not given" in unescape(answer.content.decode())
    assert is_refused(come_back(browser, back, code="x"))
    assert rows() == before


def test_a_forged_answer_does_not_spoil_the_real_one(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    back = say(go_to_x(browser), simulator.brand())
    assert is_refused(come_back(browser, back, state="forged"))
    assert come_back(browser, back).status_code == 302


def test_a_reconnect_as_another_handle_is_refused_and_leaves_the_old_one(
    simulator: Simulator, browser: Browser, connected: Connected, ada: User
) -> None:
    brand = connected()
    Membership.objects.create(user=ada, brand=brand, role=Role.ADMIN)
    other, before = simulator.brand(), rows()
    kept = Connection.objects.get(brand=brand).access_token
    answer = come_back(browser, say(go_to_x(browser, brand=brand.pk), other))
    assert is_refused(answer, 409)
    assert f"@{other['username']}" in answer.content.decode()
    assert f"/handles/connect/?handle={brand.handle}" in answer.content.decode()
    assert rows() == before
    assert Connection.objects.get(brand=brand).access_token == kept


def test_a_handle_that_others_run_is_refused(
    simulator: Simulator, browser: Browser, connected: Connected
) -> None:
    brand = connected()
    kept, before = Connection.objects.get(brand=brand).access_token, rows()
    person = {"id": brand.x_user_id}
    assert is_refused(come_back(browser, say(go_to_x(browser), person)), 409)
    assert rows() == before
    assert Connection.objects.get(brand=brand).access_token == kept


def test_x_being_away_is_said_and_changes_nothing(
    simulator: Simulator, browser: Browser, settings: Settings
) -> None:
    back, before = say(go_to_x(browser), simulator.brand()), rows()
    settings.X_API_URL = "http://127.0.0.1:9"
    answer = come_back(browser, back)
    assert is_refused(answer, 502)
    assert "could not be reached" in answer.content.decode()
    assert rows() == before


def test_a_key_that_went_missing_meanwhile_is_named_too(
    simulator: Simulator, browser: Browser, settings: Settings
) -> None:
    back, before = say(go_to_x(browser), simulator.brand()), rows()
    settings.X_CLIENT_SECRET = ""
    answer = come_back(browser, back)
    assert is_refused(answer, 502)
    assert "X_CLIENT_SECRET" in answer.content.decode()
    assert rows() == before


def test_setting_up_says_what_is_missing_and_keeps_the_handle(
    webhook_url: str, simulator: Simulator, settings: Settings, olga: User
) -> None:
    settings.X_CONSUMER_KEY = ""
    oauth.forget_bearer()
    brand = connect(oauth.pair_of(simulator.consent(simulator.brand())), by=olga, waits=True)
    assert brand.status == BrandAccount.Status.CONNECTED
    assert "X_CONSUMER_KEY" in Webhook.objects.get().failure


def test_missing_keys_are_named_before_anyone_is_sent_away(
    browser: Browser, settings: Settings
) -> None:
    settings.X_CLIENT_ID = ""
    answer = browser.post("/handles/connect/")
    assert answer.status_code == 422
    assert "X_CLIENT_ID" in answer.content.decode()
