"""Disconnecting destroys the tokens, here and at X, and keeps what was said."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from pytest_django import Settings

from accounts.models import BrandAccount, BrandEvent, Role, User
from inbox.actions.replies import Said, reply
from inbox.models import Message
from tests.factories import (
    make_contact,
    make_conversation,
    make_membership,
    make_message,
    make_thread,
    make_user,
)
from tests.twitter_sync.bodies import dm_received, encoded
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.connecting import check_again, connect, finish, keep
from twitter_sync.actions.disconnecting import disconnect, wind_up, wind_up_all
from twitter_sync.actions.polling import poll_due
from twitter_sync.actions.recording import record_delivery
from twitter_sync.actions.setting_up import set_up
from twitter_sync.client import Client
from twitter_sync.errors import NotConnected, TokenRejected
from twitter_sync.models import Connection, RawEvent, Subscription, SyncCursor

Connected = Callable[..., BrandAccount]


@pytest.fixture
def admin(brand: BrandAccount) -> User:
    return make_user("Ada Admin", brand, Role.ADMIN)


def test_the_tokens_are_void_here_and_at_x(brand, admin, client, sign_in):
    speaking = Client.for_brand(brand)
    answer = sign_in(client, admin).post(f"/handles/@{brand.handle}/disconnection/")
    assert answer["Location"] == f"/handles/@{brand.handle}/running/"
    assert "Its tokens are void." in client.get(answer["Location"]).content.decode()
    assert not Connection.objects.exists()
    with pytest.raises(NotConnected):
        Client.for_brand(BrandAccount.objects.get(pk=brand.pk))
    with pytest.raises((TokenRejected, NotConnected)):
        speaking.me()


def test_who_did_it_and_when_is_kept(brand, admin):
    disconnect(brand, by=admin)
    line = BrandEvent.objects.get(brand=brand)
    assert (line.kind, line.actor) == ("disconnected", admin)


def test_x_being_away_is_said_and_destroys_them_here_all_the_same(
    brand, admin, client, sign_in, settings: Settings
):
    settings.X_API_URL = "http://127.0.0.1:9"
    browser = sign_in(client, admin)
    there = browser.post(f"/handles/@{brand.handle}/disconnection/")["Location"]
    page = browser.get(there).content.decode()
    assert "X did not confirm" in page
    assert "could not be reached" in page
    assert not Connection.objects.exists()


def test_tokens_that_no_key_opens_are_destroyed_and_said(brand, admin):
    Connection.objects.update(refresh_token="v1:nonsense", access_token="v1:nonsense")
    assert "HANDLED_TOKEN_KEYS" in disconnect(brand, by=admin)
    assert not Connection.objects.exists()


def test_a_worker_that_renews_meanwhile_finds_nothing(brand, admin):
    held = Connection.objects.get(brand=brand)
    disconnect(brand, by=admin)
    with pytest.raises(NotConnected):
        tokens.refresh(held)
    with pytest.raises(NotConnected):
        tokens.renewed(brand, rejected="x")


def test_nobody_waits_for_a_renewal_and_what_it_gets_is_void(
    brand, admin, client, sign_in, monkeypatch
):
    """While a worker has asked X for the next pair, an admin has it checked and disconnects it."""
    held, renew, got = Connection.objects.get(brand=brand), oauth.refresh, []
    browser = sign_in(client, admin)

    def refresh(token: str) -> oauth.TokenPair:
        got.append(renew(token))
        assert browser.post(f"/handles/@{brand.handle}/check/").status_code == 302
        assert browser.post(f"/handles/@{brand.handle}/disconnection/").status_code == 302
        return got[-1]

    monkeypatch.setattr(oauth, "refresh", refresh)
    with pytest.raises(NotConnected):
        tokens.renewed(brand, rejected=tokens.decrypt(held.access_token))
    with pytest.raises(TokenRejected):
        renew(got[0].refresh_token)


@pytest.mark.django_db(transaction=True)
def test_the_row_is_free_while_x_is_asked_for_the_next_pair(brand, monkeypatch):
    held, renew = Connection.objects.get(brand=brand), oauth.refresh

    def refresh(token: str) -> oauth.TokenPair:
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
            cursor.execute("SELECT 1 FROM twitter_sync_connection FOR UPDATE")
        return renew(token)

    monkeypatch.setattr(oauth, "refresh", refresh)
    assert tokens.renewed(brand, rejected=tokens.decrypt(held.access_token))


def test_a_renewal_leaves_what_a_new_consent_gave_meanwhile(
    brand, admin, simulator: Simulator, monkeypatch
):
    held, renew = Connection.objects.get(brand=brand), oauth.refresh
    anew = oauth.pair_of(simulator.consent({"id": brand.x_user_id}))
    who = {"id": brand.x_user_id, "username": brand.handle, "name": brand.name}

    def refresh(token: str) -> oauth.TokenPair:
        pair = renew(token)
        keep(who, anew, by=admin, expected=brand)
        return pair

    monkeypatch.setattr(oauth, "refresh", refresh)
    told = tokens.renewed(brand, rejected=tokens.decrypt(held.access_token))
    assert told == anew.access_token


def test_feeds_stop(brand, admin):
    SyncCursor.objects.create(brand=brand, feed="dms")
    disconnect(brand, by=admin)
    assert poll_due() == 0


def test_x_is_told_to_stop_its_pushes(webhook_url, brand, admin):
    set_up(brand)
    disconnect(brand, by=admin)
    wind_up(brand.pk)
    at_x = [one["filter"]["user_id"] for one in Client.for_app().subscriptions().get("data") or []]
    assert brand.x_user_id not in at_x
    assert not Subscription.objects.filter(brand=brand).exists()


def test_what_x_could_not_be_told_is_tried_again_by_the_clock(
    webhook_url, brand, admin, settings: Settings
):
    set_up(brand)
    disconnect(brand, by=admin)
    right, settings.X_API_URL = settings.X_API_URL, "http://127.0.0.1:9"
    wind_up(brand.pk)
    assert Subscription.objects.filter(brand=brand).count() == 8
    settings.X_API_URL = right
    wind_up_all()
    assert Subscription.objects.count() == 8  # not at once again
    Subscription.objects.update(checked_at="2026-01-01T00:00Z")
    wind_up_all()
    assert not Subscription.objects.exists()


def test_what_waited_is_marked_as_not_sent_and_can_be_retried_after_a_reconnect(brand, admin):
    thread = make_thread(make_conversation(brand))
    make_message(thread, "Where is it?")
    message = reply(thread, Said("On its way", uuid4()), by=admin)
    disconnect(brand, by=admin)
    wind_up_all()
    message.refresh_from_db()
    assert message.state == "failed"
    assert "disconnected before this was sent" in message.failure
    assert Message.objects.count() == 2


def test_nothing_is_asked_of_x_for_it_any_more(brand, admin, simulator: Simulator):
    disconnect(brand, by=admin)
    before = len(simulator.calls())
    check_again(BrandAccount.objects.get(pk=brand.pk))
    assert not finish(brand.pk)
    assert len(simulator.calls()) == before
    assert not Subscription.objects.exists()


def test_a_late_delivery_wakes_nothing(brand, admin):
    disconnect(brand, by=admin)
    record_delivery(encoded(dm_received(brand, make_contact())))
    apply_due()
    assert RawEvent.objects.get().state == "orphan"
    assert not Message.objects.exists()


def test_a_second_time_changes_nothing(brand, admin):
    disconnect(brand, by=admin)
    assert disconnect(brand, by=admin) == ""
    assert BrandEvent.objects.count() == 1


def test_reconnecting_takes_it_up_in_place(webhook_url, brand, admin, simulator: Simulator):
    conversation = make_conversation(brand)
    disconnect(brand, by=admin)
    pair = oauth.pair_of(simulator.consent({"id": brand.x_user_id}))
    again = connect(pair, by=admin, expected=brand)
    assert (again.pk, again.status) == (brand.pk, "connected")
    assert Client.for_brand(again).me()["data"]["id"] == brand.x_user_id
    assert conversation in again.conversations.all()
    kinds = BrandEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["disconnected", "reconnected"]


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.MANAGER, 403), (None, 404)])
def test_others_are_refused(brand, client, sign_in, role, status):
    person = make_user("Other")
    if role:
        make_membership(person, brand, role)
    path = f"/handles/@{brand.handle}/disconnection/"
    assert sign_in(client, person).post(path).status_code == status
    with pytest.raises(PermissionDenied):
        disconnect(brand, by=person)
    assert Connection.objects.filter(brand=brand).exists()
