"""What X tells our address of each handle."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.twitter_sync import rude
from tests.twitter_sync.held import at_x
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions.setting_up import set_up
from twitter_sync.actions.subscribing import NEEDED, subscribe, subscribed, wanted
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.models import Connection, Subscription, Webhook

Connected = Callable[..., BrandAccount]
ROUTE = "/2/activity/subscriptions"


@pytest.fixture
def brand(webhook_url: str, connected: Connected) -> BrandAccount:
    return connected()


def test_every_kind_of_news_goes_to_our_webhook(brand: BrandAccount) -> None:
    set_up(brand)
    webhook = Webhook.objects.get()
    assert at_x(brand) == dict.fromkeys(wanted(brand), webhook.external_id)
    found = checklist(brand)
    assert (found.active, found.is_subscribed) == (len(NEEDED), True)


def test_twice_makes_nothing_twice(brand: BrandAccount, simulator: Simulator) -> None:
    set_up(brand)
    made = [call for call in simulator.calls(ROUTE) if call["method"] == "POST"]
    set_up(brand)
    assert [call for call in simulator.calls(ROUTE) if call["method"] == "POST"] == made
    assert Subscription.objects.filter(brand=brand).active().count() == len(wanted(brand))


def test_what_somebody_took_away_at_x_is_made_again(brand: BrandAccount) -> None:
    set_up(brand)
    gone = Subscription.objects.get(brand=brand, event_type="dm.received")
    Client.for_app().unsubscribe(gone.external_id)
    set_up(brand)
    assert "dm.received" in at_x(brand)
    gone.refresh_from_db()
    assert gone.is_active


def test_subscriptions_of_other_handles_are_left_alone(
    brand: BrandAccount, connected: Connected
) -> None:
    other = connected()
    set_up(other)
    before = at_x(other)
    set_up(brand)
    assert at_x(other) == before


def test_what_x_refuses_is_kept_in_x_words_and_the_rest_goes_on(
    webhook_url: str, connected: Connected, simulator: Simulator
) -> None:
    brand = connected()
    person = {"id": brand.x_user_id}
    scopes = "tweet.read users.read offline.access"
    pair = oauth.pair_of(simulator.post("tokens", user_id=person["id"], scopes=scopes))
    Connection.objects.filter(brand=brand).update(**tokens.columns(pair))
    set_up(brand)
    found = checklist(brand)
    refused = {kind.words: kind.failure for kind in found.kinds if not kind.is_active}
    assert refused.keys() == {"Messages received", "Messages sent in X"}
    assert "not permitted to subscribe" in refused["Messages received"]
    assert found.active == 4
    assert not found.is_subscribed


def test_encrypted_messages_are_welcome_and_not_needed(brand: BrandAccount) -> None:
    set_up(brand)
    Subscription.objects.filter(event_type__startswith="chat.").update(
        external_id="", failure="Not offered."
    )
    found = checklist(brand)
    assert found.is_subscribed
    assert found.steps_left == 0
    assert [kind.failure for kind in found.offered] == ["Not offered.", "Not offered."]


def test_a_handle_that_lost_its_consent_says_so_for_every_kind(
    brand: BrandAccount, simulator: Simulator
) -> None:
    simulator.post("revoke", user_id=brand.x_user_id)
    set_up(brand)
    rows = Subscription.objects.filter(brand=brand)
    assert {row.event_type for row in rows} == set(wanted(brand))
    assert not any(row.is_active for row in rows)
    assert all("reconnect" in row.failure for row in rows)
    brand.refresh_from_db()
    assert brand.status == BrandAccount.Status.NEEDS_RECONNECT


def test_x_being_away_costs_one_call_and_loses_nothing(
    brand: BrandAccount, settings: Settings
) -> None:
    set_up(brand)
    heard: list[str] = []
    with rude.serving(rude.says("503 Service Unavailable"), heard) as url:
        settings.X_API_URL = url
        set_up(brand)
    assert len(heard) == 1
    webhook = Webhook.objects.get()
    assert "did not confirm" in webhook.failure
    assert webhook.is_valid
    assert Subscription.objects.filter(brand=brand).active().count() == len(wanted(brand))
    assert checklist(brand).is_subscribed


def test_a_list_that_x_does_not_give_takes_nothing_away(
    brand: BrandAccount, settings: Settings
) -> None:
    set_up(brand)
    webhook = Webhook.objects.get()
    with rude.serving(rude.says("503 Service Unavailable")) as url:
        settings.X_API_URL = url
        subscribe(brand, webhook)
    found = checklist(brand)
    assert found.is_subscribed
    assert {kind.failure for kind in found.kinds} == {""}


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: {"data": {"subscription": one}},
        lambda one: {"data": one},
        lambda one: {"data": [one]},
    ],
    ids=["nested", "flat", "list"],
)
def test_every_shape_of_x_answer_is_read(
    brand: BrandAccount, settings: Settings, shape: Callable[[dict[str, str]], dict[str, object]]
) -> None:
    """X's documents show three (reference: x-api §6)."""
    client = Client.for_brand(brand)
    answer = json.dumps(shape({"subscription_id": "1992"}))
    with rude.serving(rude.says("200 OK", answer)) as url:
        settings.X_API_URL = url
        assert subscribed(client, brand, "dm.read", None, Webhook(external_id="1")) == "1992"
