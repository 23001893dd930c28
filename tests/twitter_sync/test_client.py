from __future__ import annotations

import io
import logging
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from accounts.models import BrandAccount
from tests.twitter_sync import rude
from tests.x import Simulator
from twitter_sync import arrivals, budgets
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import (
    Forbidden,
    NotFound,
    NotSent,
    OutOfBudget,
    OutOfCredits,
    RateLimited,
    Refused,
    Unconfirmed,
    XError,
)
from twitter_sync.models import RateBudget

Connected = Callable[..., BrandAccount]


# What comes back has what we asked for: X drops unknown names of fields without a word.


def test_me_is_the_handle(client_of_acme: Client, brand: BrandAccount) -> None:
    me = client_of_acme.me()["data"]
    assert me["id"] == brand.x_user_id
    assert {"username", "name", "verified", "public_metrics", "created_at"} <= me.keys()


def test_people_are_found_by_id_and_by_name(simulator: Simulator, client_of_acme: Client) -> None:
    carla = simulator.person(receives_your_dm=False)
    by_id = client_of_acme.users(ids=[carla["id"]])["data"]
    by_name = client_of_acme.users(usernames=[carla["username"]])["data"]
    assert by_id == by_name
    assert by_id[0]["receives_your_dm"] is False
    assert by_id[0]["connection_status"] == []


def test_the_app_is_told_nothing_of_who_takes_whose_messages(
    simulator: Simulator, db: None
) -> None:
    carla = simulator.person()
    told = Client.for_app().users(ids=[carla["id"]])["data"][0]
    assert "receives_your_dm" not in told


def test_a_message_goes_out_and_is_read_back_every_way(
    simulator: Simulator, client_of_acme: Client, brand: BrandAccount
) -> None:
    carla = simulator.person()
    sent = client_of_acme.send_dm("Which order is it?", to=carla["id"])["data"]
    again = client_of_acme.send_dm("1 < 2 & 3", conversation_id=sent["dm_conversation_id"])["data"]
    ids = [again["dm_event_id"], sent["dm_event_id"]]

    for listing in (
        client_of_acme.dm_events(),
        client_of_acme.dm_events_of(sent["dm_conversation_id"]),
        client_of_acme.dm_events_with(carla["id"]),
    ):
        assert [event["id"] for event in listing["data"]] == ids
        assert listing["data"][0]["sender_id"] == brand.x_user_id
        assert {"dm_conversation_id", "created_at", "event_type"} <= listing["data"][0].keys()

    one = client_of_acme.dm_event(ids[0])["data"]
    assert one["text"] == "1 &lt; 2 &amp; 3"
    assert {"sender_id", "dm_conversation_id", "created_at"} <= one.keys()


def test_messages_come_in_pages(simulator: Simulator, client_of_acme: Client) -> None:
    carla = simulator.person()
    sent = [client_of_acme.send_dm(str(n), to=carla["id"])["data"]["dm_event_id"] for n in range(3)]
    first = client_of_acme.dm_events(max_results=2)
    rest = client_of_acme.dm_events(max_results=2, page_token=first["meta"]["next_token"])
    assert [event["id"] for event in first["data"] + rest["data"]] == sent[::-1]


def test_an_answer_in_public_goes_out_and_is_read_back_every_way(
    simulator: Simulator, client_of_acme: Client, brand: BrandAccount
) -> None:
    carla = simulator.person()
    asked = simulator.post("posts", author_id=carla["id"], text=f"@{brand.handle} hello?")["id"]
    mention = client_of_acme.mentions()["data"][0]
    assert mention["id"] == asked
    assert {"author_id", "conversation_id", "created_at", "entities"} <= mention.keys()

    answer = client_of_acme.create_post("Good morning!", answering=asked)["data"]["id"]
    own = client_of_acme.own_posts(since_id=asked)["data"][0]
    assert own["id"] == answer
    assert own["referenced_tweets"] == [{"type": "replied_to", "id": asked}]

    found = client_of_acme.posts([asked, answer, "1"])
    assert {post["id"] for post in found["data"]} == {asked, answer}
    assert found["errors"][0]["resource_id"] == "1"

    thread = client_of_acme.search(f"conversation_id:{asked}", since_id=asked)["data"]
    assert [post["id"] for post in thread] == [answer]

    assert client_of_acme.delete_post(answer) == {"data": {"deleted": True}}
    assert "data" not in client_of_acme.own_posts(since_id=asked)


def test_only_a_handle_has_a_timeline() -> None:
    with pytest.raises(TypeError):
        Client("token", scope=budgets.APP).mentions()


def test_what_is_asked_for_arrives(simulator: Simulator, brand: BrandAccount) -> None:
    """In every answer to a read, from the simulator; X's own is watched in the log."""
    client, carla = Client.for_brand(brand), simulator.person()
    sent = client.send_dm("Hello", to=carla["id"])["data"]
    asked = simulator.post("posts", author_id=carla["id"], text=f"@{brand.handle} hello?")["id"]
    own = client.create_post("Good morning!", answering=asked)["data"]["id"]
    for endpoint, answer in {
        "me": client.me(),
        "users": client.users(ids=[carla["id"]]),
        "users_by": client.users(usernames=[carla["username"]]),
        "dm_events": client.dm_events(),
        "dm_event": client.dm_event(sent["dm_event_id"]),
        "mentions": client.mentions(),
        "posts": client.posts([asked, own]),
        "own_posts": client.own_posts(),
        "search": client.search(f"conversation_id:{asked}"),
    }.items():
        assert answer["data"], endpoint
        assert arrivals.missing(endpoint, answer) == set(), endpoint


# What X says no to


def test_a_closed_door_is_a_refusal_in_x_words(
    simulator: Simulator, client_of_acme: Client
) -> None:
    shy = simulator.person(receives_your_dm=False)
    with pytest.raises(Forbidden) as caught:
        client_of_acme.send_dm("Hello", to=shy["id"])
    assert caught.value.reason == "You do not have permission to DM one or more participants."
    assert caught.value.status == 403
    assert not caught.value.may_have_taken_effect


def test_a_reply_that_nobody_asked_for_is_refused_in_x_words(
    simulator: Simulator, client_of_acme: Client
) -> None:
    carla = simulator.person()
    post = simulator.post("posts", author_id=carla["id"], text="Nice weather.")["id"]
    with pytest.raises(Forbidden, match="post_create") as caught:
        client_of_acme.create_post("May we help?", answering=post)
    assert "you have not been mentioned" in caught.value.reason


def test_the_sixteenth_message_of_a_quarter_of_an_hour_is_not_even_tried(
    simulator: Simulator, client_of_acme: Client
) -> None:
    carla = simulator.person()
    for number in range(15):
        client_of_acme.send_dm(str(number), to=carla["id"])
    before = len(simulator.calls())
    with pytest.raises(OutOfBudget):
        client_of_acme.send_dm("16", to=carla["id"])
    assert len(simulator.calls()) == before


def test_too_many_at_x_is_named_and_kept_in_mind(
    simulator: Simulator, client_of_acme: Client, brand: BrandAccount
) -> None:
    """As after somebody else used the same token: our count knew nothing of it."""
    for _ in range(15):
        client_of_acme.dm_events()
    RateBudget.objects.all().delete()
    with pytest.raises(RateLimited) as caught:
        client_of_acme.dm_events()
    assert caught.value.status == 429
    with pytest.raises(OutOfBudget) as ours:
        client_of_acme.dm_events()
    assert ours.value.resets_at == caught.value.resets_at


def test_the_headers_of_x_fill_the_budget(
    simulator: Simulator, client_of_acme: Client, brand: BrandAccount
) -> None:
    client_of_acme.send_dm("Hello", to=simulator.person()["id"])
    rows = RateBudget.objects.filter(endpoint="dm_send").order_by("window", "scope")
    scope = budgets.user_scope(brand.x_user_id)
    assert [(row.scope, row.window, row.allowed) for row in rows] == [
        (scope, "15m", 15),
        ("app", "24h", 1_440),
        (scope, "24h", 1_440),
    ]
    assert rows[0].remaining == 14


def test_polling_leaves_calls_to_agents(brand: BrandAccount) -> None:
    polling = Client.for_brand(brand, purpose=Purpose.POLL)
    for _ in range(12):
        polling.dm_events()
    with pytest.raises(OutOfBudget):
        polling.dm_events()
    Client.for_brand(brand).dm_events()


# Webhooks and subscriptions


def test_a_webhook_is_registered_listed_checked_and_removed(webhook_url: str, db: None) -> None:
    app = Client.for_app()
    made = app.register_webhook(webhook_url)["data"]
    assert (made["url"], made["valid"]) == (webhook_url, True)
    assert [webhook["id"] for webhook in app.webhooks()["data"]] == [made["id"]]
    assert app.check_webhook(made["id"])["data"]["valid"] is True
    assert app.remove_webhook(made["id"]) == {"data": {"deleted": True}}
    assert not app.webhooks().get("data")
    with pytest.raises(Refused):
        app.remove_webhook(made["id"])


def test_a_subscription_is_made_listed_moved_and_ended(
    webhook_url: str, client_of_acme: Client, brand: BrandAccount
) -> None:
    app = Client.for_app()
    webhook_id = app.register_webhook(webhook_url)["data"]["id"]
    made = client_of_acme.subscribe("dm.received", webhook_id=webhook_id, tag="acme")
    subscription_id = made["data"]["subscription"]["subscription_id"]
    listed = {one["subscription_id"]: one for one in app.subscriptions()["data"]}
    assert listed[subscription_id]["filter"] == {"user_id": brand.x_user_id}
    assert listed[subscription_id]["event_type"] == "dm.received"
    app.move_subscription(subscription_id, webhook_id=webhook_id)
    assert app.unsubscribe(subscription_id)["data"] == {"deleted": True}
    with pytest.raises(NotFound):
        app.unsubscribe(subscription_id)


# The app's own bearer


def test_the_bearer_of_the_app_is_asked_for_once(simulator: Simulator, db: None) -> None:
    before = len(simulator.calls("/oauth2/token"))
    for _ in range(3):
        Client.for_app().webhooks()
    assert len(simulator.calls("/oauth2/token")) == before + 1


def test_a_bearer_that_x_refuses_is_replaced(simulator: Simulator, db: None) -> None:
    client = Client.for_app()
    good, client.bearer_token = client.bearer_token, "AAAA-of-yesterday"
    assert "data" in client.webhooks()
    assert client.bearer_token == good


# A bad day of X


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("402 Payment Required", OutOfCredits),
        ("403 Forbidden", Forbidden),
        ("404 Not Found", NotFound),
        ("409 Conflict", Refused),
        ("429 Too Many Requests", RateLimited),
        ("500 Internal Server Error", Unconfirmed),
        ("503 Service Unavailable", Unconfirmed),
    ],
)
def test_every_status_is_a_named_error(
    client_of_acme: Client, settings: Settings, status: str, kind: type[XError]
) -> None:
    with rude.serving(rude.says(status, "{}")) as url:
        settings.X_API_URL = url
        with pytest.raises(kind) as caught:
            client_of_acme.send_dm("Hello", to="1")
    assert caught.value.status == int(status[:3])


def test_what_never_left_gives_its_place_in_the_queue_only_once(
    client_of_acme: Client, settings: Settings
) -> None:
    settings.X_API_URL = "http://127.0.0.1:9"
    with pytest.raises(NotSent) as caught:
        client_of_acme.send_dm("Hello", to="1")
    assert caught.value.endpoint == "dm_send"


# Nothing is told to the logs (trust R16, T5, T8)


def test_no_token_and_no_text_is_logged_even_at_debug(
    simulator: Simulator, client_of_acme: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.DEBUG)
    text = "canary in a message"
    client_of_acme.send_dm(text, to=simulator.person()["id"])
    with pytest.raises(XError) as caught:
        client_of_acme.create_post(text, answering="1")
    logging.getLogger().exception("as a worker would", exc_info=caught.value)
    assert "as a worker would" in caplog.text
    assert text not in caplog.text
    assert client_of_acme.bearer_token not in caplog.text


def test_talkative_loggers_stop_the_start() -> None:
    logger = logging.getLogger("tweepy")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with pytest.raises(SystemCheckError, match="tweepy is at DEBUG"):
            call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
    finally:
        logger.setLevel(before)
    call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
