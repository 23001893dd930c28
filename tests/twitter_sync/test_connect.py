"""A handle is connected through the consent page of the simulator, as a browser would."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount, Membership, Role, User
from tests.x import Simulator
from twitter_sync import consent, oauth, tokens
from twitter_sync.actions import connecting
from twitter_sync.actions.connecting import RunByOthers, WrongHandle, connect, finish
from twitter_sync.actions.sweeping import look
from twitter_sync.client import Client
from twitter_sync.consent import SESSION_KEY
from twitter_sync.models import Connection, Subscription, SyncCursor, Webhook

SignIn = Callable[[Browser, User], Browser]
Connected = Callable[..., BrandAccount]
PLACES = (BrandAccount, Connection, Membership, Subscription, SyncCursor)


@pytest.fixture
def browser(client: Browser, ada: User, sign_in: SignIn) -> Browser:
    """Ada's: she is the admin of another handle."""
    return sign_in(client, ada)


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


# The way through


def test_the_way_to_x_proves_itself_and_asks_for_what_is_needed(
    simulator: Simulator, browser: Browser, settings: Settings
) -> None:
    there = go_to_x(browser)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert there.startswith(settings.X_AUTHORIZE_URL + "?")
    assert asked["redirect_uri"] == settings.X_CALLBACK_URL
    assert asked["code_challenge_method"] == "S256"
    assert {"dm.read", "dm.write", "tweet.write", "offline.access"} <= set(asked["scope"].split())
    kept = browser.session[SESSION_KEY]
    assert asked["state"] == kept["state"]
    assert kept["verifier"] not in there


def test_the_page_says_all_that_consent_covers(browser: Browser) -> None:
    page = browser.get("/handles/connect/").text
    assert "hiding answers below your posts" in page
    assert "blocking people from your direct messages" in page


def test_a_consent_makes_a_brand_with_everything(
    webhook_url: str, simulator: Simulator, browser: Browser, ada: User
) -> None:
    person = simulator.brand()
    answer = come_back(browser, say(go_to_x(browser), person))
    assert answer.status_code == 302
    assert answer["Location"] == f"/handles/@{person['username']}/"

    brand = BrandAccount.objects.get(x_user_id=person["id"])
    assert (brand.handle, brand.name) == (person["username"], person["name"])
    assert brand.status == BrandAccount.Status.CONNECTED
    assert Membership.objects.get(brand=brand).user == ada
    assert Membership.objects.get(brand=brand).role == Role.ADMIN
    assert {cursor.feed for cursor in brand.cursors.all()} == set(SyncCursor.Feed)
    assert finish(brand.pk)
    assert Webhook.objects.get(url=webhook_url).is_valid
    assert Subscription.objects.filter(brand=brand).active().count() == 8


def test_the_request_asks_x_for_nothing_but_who_it_is(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    back, before = say(go_to_x(browser), simulator.brand()), len(simulator.calls())
    come_back(browser, back)
    made = [call["path"] for call in simulator.calls()[before:]]
    assert made == ["/2/oauth2/token", "/2/users/me"]
    assert not Subscription.objects.exists()


def test_what_is_left_to_do_is_done_once(
    webhook_url: str, simulator: Simulator, olga: User
) -> None:
    brand = connect(oauth.pair_of(simulator.consent(simulator.brand())), by=olga)
    assert [finish(brand.pk), finish(brand.pk)] == [True, False]
    assert Subscription.objects.filter(brand=brand).active().count() == 8


def test_a_worker_that_dies_is_followed_by_another(
    webhook_url: str, simulator: Simulator, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle: the sweep finds the row when the lease is over."""
    brand = connect(oauth.pair_of(simulator.consent(simulator.brand())), by=olga)

    def die(brand: BrandAccount, **_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(connecting, "set_up", die)
        with pytest.raises(SystemExit):
            finish(brand.pk)
    assert not Connection.objects.due().exists()
    Connection.objects.update(set_up_due_at=timezone.now())
    assert look().set_ups == [brand.pk]
    assert finish(brand.pk)
    assert look().set_ups == []


def test_the_tokens_work_and_are_not_readable(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    person = simulator.brand()
    come_back(browser, say(go_to_x(browser), person))
    held = Connection.objects.get(brand__x_user_id=person["id"])
    assert held.access_token.startswith("v1:")
    assert held.refresh_token.startswith("v1:")
    assert Client.for_brand(held.brand).me()["data"]["id"] == person["id"]


def test_the_pages_show_no_token(webhook_url: str, simulator: Simulator, browser: Browser) -> None:
    person = simulator.brand()
    come_back(browser, say(go_to_x(browser), person))
    held = Connection.objects.get(brand__x_user_id=person["id"])
    secrets = [held.access_token, held.refresh_token]
    secrets += [tokens.decrypt(secret) for secret in secrets]
    for path in ("/handles/", f"/handles/@{person['username']}/"):
        page = browser.get(path).content.decode()
        assert not any(secret in page for secret in secrets)


def test_connecting_again_renews_the_tokens_and_nothing_else(
    webhook_url: str, simulator: Simulator, browser: Browser
) -> None:
    person = simulator.brand()
    come_back(browser, say(go_to_x(browser), person))
    brand = BrandAccount.objects.get(x_user_id=person["id"])
    before, token = rows(), brand.connection.access_token
    simulator.person(id=person["id"], username=person["username"], name="New Name", brand=True)
    BrandAccount.objects.filter(pk=brand.pk).update(status="needs_reconnect")

    come_back(browser, say(go_to_x(browser, brand=brand.pk), person))
    brand = BrandAccount.objects.get(pk=brand.pk)
    assert rows() == before
    assert brand.status == BrandAccount.Status.CONNECTED
    assert brand.name == "New Name"
    assert brand.connection.access_token != token


def test_the_role_that_comes_with_a_handle_is_logged(
    webhook_url: str, simulator: Simulator, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        brand = connect(oauth.pair_of(simulator.consent(simulator.brand())), by=ada)
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    [added] = [line for line in lines if line["event"] == "membership added"]
    assert (added["person"], added["brand"]) == (ada.pk, brand.pk)
    assert (added["role"], added["by"]) == (Role.ADMIN, ada.pk)


def test_the_owner_may_reconnect_without_becoming_a_reader(
    webhook_url: str, simulator: Simulator, connected: Connected, olga: User
) -> None:
    brand = connected()
    person = {"id": brand.x_user_id}
    connect(oauth.pair_of(simulator.consent(person)), by=olga, expected=brand)
    assert not olga.memberships.exists()


def test_a_paused_handle_stays_paused(
    webhook_url: str, simulator: Simulator, connected: Connected, olga: User
) -> None:
    brand = connected()
    BrandAccount.objects.update(status="paused")
    connect(oauth.pair_of(simulator.consent({"id": brand.x_user_id})), by=olga)
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.PAUSED


# Nothing else gets in (trust S5, T4): refused with a page that helps, and no row


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


# Who may


def test_agents_and_managers_connect_nothing(
    simulator: Simulator, client: Browser, ana: User, sam: User, sign_in: SignIn
) -> None:
    for person in (ana, sam):
        assert sign_in(client, person).post("/handles/connect/").status_code == 403
        with pytest.raises(PermissionDenied):
            connect(oauth.pair_of(simulator.consent(simulator.brand())), by=person)


def test_a_brand_of_others_can_not_be_named_for_a_reconnect(
    browser: Browser, globex: BrandAccount
) -> None:
    assert browser.post("/handles/connect/", {"brand": globex.pk}).status_code == 422
    assert browser.get("/handles/connect/?handle=globex").status_code == 404


def test_the_deed_refuses_on_its_own(
    simulator: Simulator, connected: Connected, acme: BrandAccount, ada: User
) -> None:
    theirs = connected()
    pair = oauth.pair_of(simulator.consent({"id": theirs.x_user_id}))
    with pytest.raises(RunByOthers):
        connect(pair, by=ada)
    with pytest.raises(WrongHandle, match="@acme"):
        connect(pair, by=ada, expected=acme)


def test_twice_is_harmless(webhook_url: str, simulator: Simulator, olga: User) -> None:
    person = simulator.brand()
    connect(oauth.pair_of(simulator.consent(person)), by=olga)
    before = rows()
    connect(oauth.pair_of(simulator.consent(person)), by=olga)
    assert rows() == before


@pytest.mark.django_db(transaction=True)
def test_four_at_once_make_one_brand(webhook_url: str, simulator: Simulator, olga: User) -> None:
    person = simulator.brand()

    def work(barrier: Barrier) -> int:
        try:
            pair = oauth.pair_of(simulator.consent(person))
            barrier.wait(timeout=60)
            brand = connect(pair, by=olga)
            finish(brand.pk)
            return brand.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(work, [Barrier(4)] * 4))) == 1
    brand = BrandAccount.objects.get(x_user_id=person["id"])
    assert Webhook.objects.get().is_valid
    assert Subscription.objects.filter(brand=brand).active().count() == 8
    assert Membership.objects.filter(brand=brand).count() == 1


@pytest.mark.parametrize("handle", ["connect", "callback", "erasures"])
def test_a_handle_may_be_named_like_a_page_of_ours(
    handle: str, client: Browser, olga: User, sign_in: SignIn
) -> None:
    BrandAccount.objects.create(x_user_id="17", handle=handle, name="An Unlucky Name")
    page = sign_in(client, olga).get(f"/handles/@{handle}/")
    assert "An Unlucky Name" in page.content.decode()
