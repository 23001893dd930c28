"""Our address at X: proved, shared by all handles, moved with us."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.twitter_sync.held import at_x, invalidate
from tests.x import Simulator
from twitter_sync.actions.setting_up import set_up
from twitter_sync.actions.subscribing import wanted
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.models import Webhook

Connected = Callable[..., BrandAccount]


@pytest.fixture
def brand(webhook_url: str, connected: Connected) -> BrandAccount:
    return connected()


def test_x_asks_our_address_for_proof_and_keeps_it(brand: BrandAccount, webhook_url: str) -> None:
    set_up(brand)
    held = Client.for_app().webhooks()["data"]
    webhook = Webhook.objects.get()
    assert [(one["id"], one["url"], one["valid"]) for one in held] == [
        (webhook.external_id, webhook_url, True)
    ]
    assert webhook.is_valid


def test_one_address_serves_all_handles(
    brand: BrandAccount, connected: Connected, simulator: Simulator
) -> None:
    set_up(brand)
    set_up(connected())
    assert len(Client.for_app().webhooks()["data"]) == 1
    assert Webhook.objects.count() == 1


def test_an_address_that_does_not_answer_is_said_in_x_words(
    brand: BrandAccount, settings: Settings
) -> None:
    settings.X_WEBHOOK_URL = "http://127.0.0.1:9/webhooks/x/"
    set_up(brand)
    webhook = Webhook.objects.get()
    assert not webhook.is_valid
    assert "CrcValidationFailed" in webhook.failure
    assert not checklist(brand).has_webhook


def test_a_secret_that_differs_is_said_in_x_words(brand: BrandAccount, settings: Settings) -> None:
    Client.for_app()
    settings.X_CONSUMER_SECRET = settings.X_CLIENT_SECRET = "not the one that X knows"
    set_up(brand)
    assert "response_token does not match" in Webhook.objects.get().failure


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("secret", ["consumer", "client"])
def test_it_is_proved_with_whichever_secret_x_takes(
    brand: BrandAccount, simulator: Simulator, settings: Settings, secret: str
) -> None:
    simulator.post("webhooks", signed_with=[secret])
    try:
        set_up(brand)
        assert Webhook.objects.get().is_valid
        assert Webhook.objects.get().proves_with == f"X_{secret.upper()}_SECRET"
        other = "client" if secret == "consumer" else "consumer"
        simulator.post("webhooks", signed_with=[other])
        with pytest.raises(XError, match="check_webhook"):
            Client.for_app().check_webhook(Webhook.objects.get().external_id)
        set_up(brand)
        assert Webhook.objects.get().is_valid
    finally:
        simulator.post("webhooks", signed_with=["client", "consumer"])


@pytest.mark.django_db(transaction=True)
def test_a_secret_that_helped_nothing_is_not_kept(brand: BrandAccount, settings: Settings) -> None:
    settings.X_WEBHOOK_URL = "http://127.0.0.1:9/webhooks/x/"
    set_up(brand)
    assert Webhook.objects.get().proves_with == Webhook.Proof.CONSUMER


def test_an_address_that_failed_is_switched_on_again(
    brand: BrandAccount, webhook_url: str, settings: Settings, simulator: Simulator
) -> None:
    set_up(brand)
    invalidate(settings)
    assert not Client.for_app().webhooks()["data"][0]["valid"]
    set_up(brand)
    assert Client.for_app().webhooks()["data"][0]["valid"]
    assert Webhook.objects.get().is_valid


def test_another_port_of_this_machine_takes_over_with_all_subscriptions(
    brand: BrandAccount, webhook_url: str, settings: Settings
) -> None:
    set_up(brand)
    settings.X_WEBHOOK_URL = webhook_url.replace("127.0.0.1", "localhost")
    set_up(brand)
    held = Client.for_app().webhooks()["data"]
    assert [one["url"] for one in held] == [settings.X_WEBHOOK_URL]
    assert at_x(brand) == dict.fromkeys(wanted(brand), held[0]["id"])
    assert checklist(brand).is_subscribed


def test_a_foreign_address_is_named_and_left_alone_until_we_are_told_otherwise(
    brand: BrandAccount, webhook_url: str
) -> None:
    foreign = webhook_url.replace("127.0.0.1", "localhost")
    Client.for_app().register_webhook(foreign)
    set_up(brand)
    webhook = Webhook.objects.get()
    assert webhook.blocked_by == foreign
    assert foreign in webhook.failure
    assert Client.for_app().webhooks()["data"][0]["url"] == foreign

    set_up(brand, replacing=foreign)
    assert [one["url"] for one in Client.for_app().webhooks()["data"]] == [webhook_url]
    assert Webhook.objects.get().blocked_by == ""


def test_on_real_x_an_earlier_address_of_ours_is_not_taken_down_unasked(
    brand: BrandAccount, webhook_url: str, settings: Settings
) -> None:
    """The earlier address may be the original, and this database its copy."""
    set_up(brand)
    settings.X_IS_SIMULATOR = False
    settings.X_WEBHOOK_URL = webhook_url.replace("127.0.0.1", "localhost")
    set_up(brand)
    assert Webhook.objects.get(url=settings.X_WEBHOOK_URL).blocked_by == webhook_url
