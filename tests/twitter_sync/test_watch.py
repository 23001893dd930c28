"""The watch over address and subscriptions, every minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.twitter_sync.held import at_x, invalidate
from tests.x import Simulator
from twitter_sync.actions.setting_up import set_up, watch
from twitter_sync.actions.subscribing import wanted
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.models import Subscription, Webhook

Connected = Callable[..., BrandAccount]


@pytest.fixture
def brand(webhook_url: str, connected: Connected) -> BrandAccount:
    return connected()


def test_a_webhook_that_x_switched_off_is_on_again_within_a_minute(
    brand: BrandAccount, settings: Settings
) -> None:
    set_up(brand)
    invalidate(settings)
    watch()
    assert Client.for_app().webhooks()["data"][0]["valid"]


def test_a_new_address_gets_the_news_of_every_handle(
    brand: BrandAccount, connected: Connected, webhook_url: str, settings: Settings
) -> None:
    """As when `./run` comes up on another port."""
    other = connected()
    set_up(brand)
    set_up(other)
    settings.X_WEBHOOK_URL = webhook_url.replace("127.0.0.1", "localhost")
    watch()
    [webhook] = Client.for_app().webhooks()["data"]
    assert webhook["url"] == settings.X_WEBHOOK_URL
    assert at_x(brand) == at_x(other) == dict.fromkeys(wanted(brand), webhook["id"])
    assert [one.url for one in Webhook.objects.filter(is_valid=True)] == [settings.X_WEBHOOK_URL]


def test_a_quiet_minute_costs_one_call(brand: BrandAccount, simulator: Simulator) -> None:
    set_up(brand)
    before = len(simulator.calls())
    watch()
    assert [call["path"] for call in simulator.calls()[before:]] == ["/2/webhooks"]


def test_what_x_refused_is_asked_again_after_ten_minutes(
    brand: BrandAccount, simulator: Simulator
) -> None:
    set_up(brand)
    Subscription.objects.filter(event_type="dm.sent").update(external_id="", failure="No.")
    watch()
    assert not checklist(brand).is_subscribed
    Subscription.objects.update(checked_at=timezone.now() - timedelta(minutes=11))
    watch()
    assert checklist(brand).is_subscribed


def test_nothing_is_asked_where_nothing_is_connected(
    simulator: Simulator, acme: BrandAccount
) -> None:
    before = len(simulator.calls())
    watch()
    assert len(simulator.calls()) == before


def test_where_x_cannot_reach_us_it_streams_what_it_cannot_push(
    brand: BrandAccount, webhook_url: str, settings: Settings
) -> None:
    """And pushes it, too, as soon as it can."""
    settings.X_WEBHOOK_URL = "http://127.0.0.1:9/webhooks/x/"
    set_up(brand)
    assert checklist(brand).is_subscribed
    assert at_x(brand) == dict.fromkeys(wanted(brand))
    settings.X_WEBHOOK_URL = webhook_url
    watch()
    [webhook] = Client.for_app().webhooks()["data"]
    assert at_x(brand) == dict.fromkeys(wanted(brand), webhook["id"])


def test_without_the_stream_nothing_is_asked_for_that_nobody_would_hear(
    brand: BrandAccount, settings: Settings
) -> None:
    settings.X_STREAM = False
    settings.X_WEBHOOK_URL = "http://127.0.0.1:9/webhooks/x/"
    set_up(brand)
    watch()
    assert checklist(brand).active == 0
