from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount, User
from tests.twitter_sync import rude
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions.setting_up import is_open, look_at_messages, set_up, watch
from twitter_sync.actions.subscribing import NEEDED, WORDED, subscribe, subscribed
from twitter_sync.checklist import checklist, checklists
from twitter_sync.client import Client
from twitter_sync.models import Connection, RawEvent, Subscription, Webhook

Connected = Callable[..., BrandAccount]
ROUTE = "/2/activity/subscriptions"


@pytest.fixture
def brand(webhook_url: str, connected: Connected) -> BrandAccount:
    return connected()


def at_x(brand: BrandAccount) -> dict[str, str]:
    """What X has: the webhook of each kind of news of the handle."""
    held = Client.for_app().subscriptions()["data"]
    mine = [one for one in held if one["filter"]["user_id"] == brand.x_user_id]
    return {one["event_type"]: one["webhook_id"] for one in mine}


# The webhook


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
    settings.X_CONSUMER_SECRET = "not the one that X knows"
    set_up(brand)
    assert "response_token does not match" in Webhook.objects.get().failure


def test_an_address_that_failed_is_switched_on_again(
    brand: BrandAccount, webhook_url: str, settings: Settings, simulator: Simulator
) -> None:
    set_up(brand)
    invalidate(settings)
    assert not Client.for_app().webhooks()["data"][0]["valid"]
    set_up(brand)
    assert Client.for_app().webhooks()["data"][0]["valid"]
    assert Webhook.objects.get().is_valid


def invalidate(settings: Settings) -> None:
    """X asks while our secret is wrong."""
    right, settings.X_CONSUMER_SECRET = settings.X_CONSUMER_SECRET, "wrong for a moment"
    app = Client.for_app()
    webhook = Webhook.objects.get()
    with pytest.raises(Exception, match="check_webhook"):
        app.check_webhook(webhook.external_id)
    settings.X_CONSUMER_SECRET = right


def test_another_port_of_this_machine_takes_over_with_all_subscriptions(
    brand: BrandAccount, webhook_url: str, settings: Settings
) -> None:
    set_up(brand)
    settings.X_WEBHOOK_URL = webhook_url.replace("127.0.0.1", "localhost")
    set_up(brand)
    held = Client.for_app().webhooks()["data"]
    assert [one["url"] for one in held] == [settings.X_WEBHOOK_URL]
    assert at_x(brand) == dict.fromkeys(WORDED, held[0]["id"])
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


# Subscriptions


def test_every_kind_of_news_goes_to_our_webhook(brand: BrandAccount) -> None:
    set_up(brand)
    webhook = Webhook.objects.get()
    assert at_x(brand) == dict.fromkeys(WORDED, webhook.external_id)
    found = checklist(brand)
    assert (found.active, found.is_subscribed) == (len(NEEDED), True)


def test_twice_makes_nothing_twice(brand: BrandAccount, simulator: Simulator) -> None:
    set_up(brand)
    made = [call for call in simulator.calls(ROUTE) if call["method"] == "POST"]
    set_up(brand)
    assert [call for call in simulator.calls(ROUTE) if call["method"] == "POST"] == made
    assert Subscription.objects.filter(brand=brand).active().count() == len(WORDED)


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
    assert {row.event_type for row in rows} == set(WORDED)
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
    assert Subscription.objects.filter(brand=brand).active().count() == len(WORDED)
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


# Watching over both


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
    assert at_x(brand) == at_x(other) == dict.fromkeys(WORDED, webhook["id"])
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


# Can people write to it?


def test_a_second_handle_sees_whether_the_first_takes_messages(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected(receives_your_dm=False)
    look_at_messages(brand)
    assert checklist(brand).receives_messages is None
    connected()
    look_at_messages(brand)
    assert checklist(brand).receives_messages is False
    assert checklist(brand).steps_left > 0
    simulator.person(brand.handle, id=brand.x_user_id, brand=True, receives_your_dm=True)
    look_at_messages(brand)
    assert checklist(brand).receives_messages is True


def test_a_handle_that_follows_the_asker_proves_nothing(
    simulator: Simulator, connected: Connected
) -> None:
    brand, asker = connected(receives_your_dm=False), connected()
    simulator.post(
        "relations",
        source_id=brand.x_user_id,
        target_id=asker.x_user_id,
        kind="following",
        on=True,
    )
    look_at_messages(brand)
    assert checklist(brand).receives_messages is None
    connected()
    look_at_messages(brand)
    assert checklist(brand).receives_messages is False


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": [{"id": "1"}]}])
def test_an_answer_without_the_fact_is_unknown(answer: dict[str, object]) -> None:
    assert is_open(answer) is None


# The pages


def test_the_checklist_says_what_is_done_and_when(
    brand: BrandAccount, client, olga: User, sign_in
) -> None:
    set_up(brand)
    RawEvent.objects.create(source="webhook", fact="a", brand=brand, body=b"{}")
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").content.decode()
    assert "6 of 6 subscriptions" in page
    assert "Allow message requests from everyone" in page
    assert "connect a second handle" in page
    assert "nothing yet" not in page


def test_check_again_mends_and_shows_the_checklist_alone(
    brand: BrandAccount, client, olga: User, sign_in
) -> None:
    path = f"/handles/@{brand.handle}/check/"
    browser = sign_in(client, olga)
    answer = browser.post(path, headers={"HX-Request": "true"}).content.decode()
    assert answer.lstrip().startswith('<div class="stack" id="checklist">')
    assert "6 of 6 subscriptions" in answer
    assert browser.post(path)["Location"] == f"/handles/@{brand.handle}/"


def test_check_again_finds_a_consent_taken_back_and_a_new_name(
    brand: BrandAccount, simulator: Simulator, client, olga: User, sign_in
) -> None:
    set_up(brand)
    browser = sign_in(client, olga)
    simulator.person(f"{brand.handle}x", id=brand.x_user_id, name="Renamed", brand=True)
    answer = browser.post(f"/handles/@{brand.handle}/check/")
    assert answer["Location"] == f"/handles/@{brand.handle}x/"
    assert "Renamed" in browser.get(answer["Location"]).content.decode()

    simulator.post("revoke", user_id=brand.x_user_id)
    path = f"/handles/@{brand.handle}x/check/"
    page = browser.post(path, headers={"HX-Request": "true"}).content.decode()
    assert "X no longer accepts the sign-in" in page
    assert f"/handles/connect/?handle={brand.handle}x" in page


def test_a_reason_of_x_is_text(brand: BrandAccount, client, olga: User, sign_in) -> None:
    Subscription.objects.create(
        brand=brand, event_type="dm.received", failure="<script>alert(1)</script>"
    )
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_handle_is_found_in_any_case(brand: BrandAccount, client, olga: User, sign_in) -> None:
    assert sign_in(client, olga).get(f"/handles/@{brand.handle.upper()}/").status_code == 200


def test_a_handle_that_changed_hands_on_x_is_the_one_connected_last(
    connected: Connected, client, olga: User, sign_in
) -> None:
    old, new = connected(), connected()
    BrandAccount.objects.filter(pk=new.pk).update(handle=old.handle, name="The New One")
    Connection.objects.filter(brand=new).update(connected_at=timezone.now())
    assert "The New One" in sign_in(client, olga).get(f"/handles/@{old.handle}/").content.decode()


def test_the_list_shows_only_what_the_viewer_runs(
    acme: BrandAccount, globex: BrandAccount, ada: User, client, sign_in
) -> None:
    page = sign_in(client, ada).get("/handles/").content.decode()
    assert "@acme" in page
    assert "@globex" not in page
    assert [one.brand for one in checklists(ada)] == [acme]


def test_the_list_costs_the_same_for_many_handles(
    connected: Connected, olga: User, client, sign_in, django_assert_num_queries
) -> None:
    browser = sign_in(client, olga)
    for _ in range(2):
        connected()
    browser.get("/handles/")
    with django_assert_num_queries(7):
        browser.get("/handles/")
    for _ in range(3):
        connected()
    with django_assert_num_queries(7):
        browser.get("/handles/")
