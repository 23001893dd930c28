from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.client import Client
from twitter_sync.errors import NotConnected, NotSent, TokenRejected
from twitter_sync.models import Connection

Connected = Callable[..., BrandAccount]
TOKEN_PATH = "/2/oauth2/token"


def test_what_is_stored_is_not_the_token() -> None:
    stored = tokens.encrypt("a secret token")
    assert stored.startswith("v1:")
    assert "a secret token" not in stored
    assert tokens.decrypt(stored) == "a secret token"


def test_an_older_key_still_opens_what_it_closed(settings: Settings) -> None:
    stored = tokens.encrypt("a secret token")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    assert tokens.decrypt(stored) == "a secret token"
    assert tokens.decrypt(tokens.encrypt("another")) == "another"


@pytest.mark.parametrize("stored", ["a secret token", "v1:", "v1:gAAAAA", "v2:x", ""])
def test_what_no_key_opens_is_named_without_being_quoted(stored: str) -> None:
    with pytest.raises(tokens.UnreadableToken, match="HANDLED_TOKEN_KEYS"):
        tokens.decrypt(stored)


def test_a_lost_key_is_named_too(settings: Settings) -> None:
    stored = tokens.encrypt("a secret token")
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(tokens.UnreadableToken) as caught:
        tokens.decrypt(stored)
    assert "secret" not in str(caught.value) + caught.value.reason
    assert "reconnect the handle" in caught.value.reason


def test_tokens_that_are_encrypted_again_need_the_newest_key_only(
    settings: Settings, connected: Connected, capsys: pytest.CaptureFixture[str]
) -> None:
    brand = connected()
    held = Connection.objects.get(brand=brand)
    plain = tokens.decrypt(held.access_token), tokens.decrypt(held.refresh_token)
    newest = Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [newest, *settings.TOKEN_KEYS]

    call_command("encrypt_tokens")

    assert "newest key: 1\n" in capsys.readouterr().out
    settings.TOKEN_KEYS = [newest]
    held.refresh_from_db()
    assert (tokens.decrypt(held.access_token), tokens.decrypt(held.refresh_token)) == plain


def test_a_handle_whose_key_is_lost_is_named_and_the_others_are_done(
    settings: Settings, connected: Connected, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = connected()
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    fine = connected()

    with pytest.raises(CommandError, match=f"@{lost.handle}.*reconnect"):
        call_command("encrypt_tokens")

    assert "newest key: 1\n" in capsys.readouterr().out
    assert tokens.decrypt(Connection.objects.get(brand=fine).access_token)


def test_no_token_shows_in_a_repr() -> None:
    pair = oauth.TokenPair("access canary", "refresh canary", timezone.now())
    held = Connection(brand=BrandAccount(handle="acme"), **tokens.columns(pair))
    assert "canary" not in repr(pair) + str(pair) + repr(held)


def test_a_fresh_token_is_used_as_it_is(simulator: Simulator, connected: Connected) -> None:
    brand = connected()
    before = len(simulator.calls(TOKEN_PATH))
    Client.for_brand(brand).me()
    assert len(simulator.calls(TOKEN_PATH)) == before


def test_a_token_with_less_than_ten_minutes_is_renewed_first(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected()
    held = age(brand, minutes_left=9)
    client = Client.for_brand(brand)
    assert client.me()["data"]["username"] == brand.handle
    renewed = Connection.objects.get(brand=brand)
    assert tokens.decrypt(renewed.access_token) == client.bearer_token
    assert renewed.refresh_token != held.refresh_token
    assert renewed.expires_at > timezone.now() + timedelta(minutes=100)


def test_a_token_that_x_refuses_though_it_looked_fresh_is_renewed_once(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected()
    client = Client.for_brand(brand)
    # Renewing elsewhere ends the token that this client holds.
    tokens.refresh(Connection.objects.get(brand=brand), rejected=client.bearer_token)
    assert client.me()["data"]["id"] == brand.x_user_id


def test_a_revoked_consent_needs_a_reconnect_and_makes_no_more_calls(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected()
    client = Client.for_brand(brand)
    simulator.post("revoke", user_id=brand.x_user_id)
    with pytest.raises(TokenRejected):
        client.me()
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.NEEDS_RECONNECT
    before = len(simulator.calls())
    with pytest.raises(NotConnected):
        Client.for_brand(brand)
    assert len(simulator.calls()) == before


def test_a_spent_refresh_token_needs_a_reconnect(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected()
    held = age(brand, minutes_left=-1)
    oauth.refresh(tokens.decrypt(held.refresh_token))
    with pytest.raises(TokenRejected):
        Client.for_brand(brand)
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.NEEDS_RECONNECT


def test_a_token_that_still_holds_is_used_while_x_can_not_renew_it(
    connected: Connected, settings: Settings
) -> None:
    brand = connected()
    held = age(brand, minutes_left=5)
    settings.X_API_URL = "http://127.0.0.1:9"
    assert tokens.usable_access_token(brand) == tokens.decrypt(held.access_token)
    age(brand, minutes_left=-1)
    with pytest.raises(NotSent):
        tokens.usable_access_token(brand)
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.CONNECTED


def test_a_brand_without_a_connection_is_not_connected(acme: BrandAccount) -> None:
    with pytest.raises(NotConnected):
        Client.for_brand(acme)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_an_expired_token_renew_it_once(
    simulator: Simulator, connected: Connected
) -> None:
    """X ends the whole consent when a refresh token is used twice (trust T1)."""
    brand = connected()

    def work(barrier: Barrier) -> str:
        try:
            barrier.wait(timeout=60)
            client = Client.for_brand(BrandAccount.objects.get(pk=brand.pk))
            assert client.me()["data"]["id"] == brand.x_user_id
            return client.bearer_token
        finally:
            database.close()

    for _ in range(5):
        age(brand, minutes_left=-1)
        before = len(simulator.calls(TOKEN_PATH))
        with ThreadPoolExecutor(8) as pool:
            used = set(pool.map(work, [Barrier(8)] * 8))
        assert len(used) == 1
        assert len(simulator.calls(TOKEN_PATH)) == before + 1
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.CONNECTED


def age(brand: BrandAccount, *, minutes_left: float) -> Connection:
    held = Connection.objects.get(brand=brand)
    held.expires_at = timezone.now() + timedelta(minutes=minutes_left)
    held.save()
    return held
