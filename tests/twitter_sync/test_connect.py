"""A handle is connected through the consent page of the simulator, as a browser would."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount, Membership, Role, User
from tests.twitter_sync.consenting import Connected, SignIn, come_back, go_to_x, rows, say
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions import connecting
from twitter_sync.actions.connecting import RunByOthers, WrongHandle, connect, finish
from twitter_sync.actions.sweeping import look
from twitter_sync.client import Client
from twitter_sync.consent import SESSION_KEY
from twitter_sync.models import Connection, Subscription, SyncCursor, Webhook

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
