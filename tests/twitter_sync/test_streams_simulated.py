"""Streams, their rules and the list of them: the simulator has them, our client reads them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from tests import x
from tests.x import Simulator
from twitter_sync import arrivals, backoff, oauth, payloads
from twitter_sync.calls import filtered
from twitter_sync.calls.filtered import Rule
from twitter_sync.client import Client
from twitter_sync.errors import (
    Disconnected,
    Forbidden,
    NotSent,
    Refused,
    Stalled,
    StreamEnded,
    TooManyConnections,
)
from twitter_sync.models import RateBudget
from twitter_sync.payloads import DirectMessage

WITHIN_SECONDS = 60.0
ACTIVITY = "/2/activity/stream"
DISCONNECT_TYPES = (
    "OperationalDisconnect",
    "UpstreamOperationalDisconnect",
    "ForceDisconnect",
    "UpstreamUncleanDisconnect",
    "SlowReader",
    "InternalError",
    "ClientApplicationStateDegraded",
    "InvalidRules",
)


@pytest.fixture
def app(simulator: Simulator, db: None) -> Iterator[Client]:
    """Speaks as the app, to an X without streams and rules; whose signs of life come quickly."""
    client = Client.for_app()
    simulator.post("streams", keep_alive_seconds=0.1)
    yield client
    simulator.post("streams/end")
    forget_rules(client)
    usual = {"keep_alive_seconds": 20, "most_waiting": 5_000, "cut_after_seconds": 2}
    simulator.post("streams", **usual)


def forget_rules(app: Client) -> None:
    while held := app.rules().get("data"):
        app.delete_rules([rule["id"] for rule in held])


@pytest.fixture
def acme(connected: Callable[..., BrandAccount]) -> BrandAccount:
    return connected()


@pytest.fixture
def subscribed(app: Client, acme: BrandAccount, webhook_url: str) -> BrandAccount:
    """Whose messages and mentions X tells us of."""
    webhook_id = app.register_webhook(webhook_url)["data"]["id"]
    for kind in ("dm.received", "dm.sent", "post.mention.create"):
        Client.for_brand(acme).subscribe(kind, webhook_id=webhook_id, tag="acme")
    return acme


def write(simulator: Simulator, to: BrandAccount, text: str = "Hello") -> str:
    """The id of a customer's message."""
    people = {"sender_id": simulator.person()["id"], "recipient_id": to.x_user_id}
    dm_id: str = simulator.post("dms", text=text, **people)["id"]
    return dm_id


def told(lines: Iterator[bytes]) -> dict[str, Any]:
    """The next line that says something."""
    line = b""
    while not line:
        line = next(lines)
    body: dict[str, Any] = json.loads(line)
    return body


def message_of(body: dict[str, Any]) -> str:
    dm_id: str = body["data"]["payload"]["direct_message_events"][0]["id"]
    return dm_id


def ended(lines: Iterator[bytes]) -> StreamEnded:
    with pytest.raises(StreamEnded) as caught:
        for _ in lines:
            pass
    return caught.value


def no_stream_is_open(simulator: Simulator) -> None:
    """X notices by itself that somebody left."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while simulator.get("streams")["open"]:
        assert time.monotonic() < deadline, "X believes that streams are open."
        time.sleep(0.01)


# Activities


def test_what_x_streams_is_read_like_what_it_delivers(
    simulator: Simulator, app: Client, subscribed: BrandAccount
) -> None:
    with app.activity_stream() as stream:
        lines = iter(stream)
        dm_id = write(simulator, subscribed)
        line = b""
        while not line:
            line = next(lines)
    (message,) = payloads.parse(line).events
    assert isinstance(message, DirectMessage)
    assert (message.for_user_id, message.id) == (subscribed.x_user_id, dm_id)


def test_signs_of_life_come_as_empty_lines(simulator: Simulator, app: Client) -> None:
    stream = app.open_stream(ACTIVITY, {}, patience=10)
    with stream:
        lines = iter(stream)
        assert [next(lines), next(lines), next(lines)] == [b"", b"", b""]


def test_silence_beyond_patience_is_named(simulator: Simulator, app: Client) -> None:
    simulator.post("streams", keep_alive_seconds=20)
    with app.open_stream(ACTIVITY, {}, patience=2) as stream:
        assert isinstance(ended(iter(stream)), Stalled)
    no_stream_is_open(simulator)


@pytest.mark.parametrize("disconnect_type", DISCONNECT_TYPES)
def test_each_of_xs_reasons_is_known(
    simulator: Simulator, app: Client, disconnect_type: str
) -> None:
    with app.activity_stream() as stream:
        simulator.post("streams/end", disconnect_type=disconnect_type)
        error = ended(iter(stream))
    assert isinstance(error, Disconnected)
    assert error.problem == disconnect_type
    assert error.reason.startswith("This stream has been disconnected ")
    assert backoff.before_stream(error, 1) == timedelta(0)


def test_x_may_hang_up_without_a_word(simulator: Simulator, app: Client) -> None:
    with app.activity_stream() as stream:
        simulator.post("streams/end")
        assert ended(iter(stream)).problem == "closed"


def test_a_third_stream_is_too_many_and_costs_no_quota(simulator: Simulator, app: Client) -> None:
    with app.activity_stream(), app.activity_stream():
        with pytest.raises(TooManyConnections) as caught:
            app.activity_stream()
        budget = RateBudget.objects.get(endpoint="activity_stream")
    assert budget.remaining > 0
    assert backoff.before_stream(caught.value, 1) >= timedelta(seconds=59)
    no_stream_is_open(simulator)
    app.activity_stream().close()


def test_what_was_missed_comes_first(
    simulator: Simulator, app: Client, subscribed: BrandAccount
) -> None:
    missed = write(simulator, subscribed)
    with app.activity_stream(backfill_minutes=5) as stream:
        lines = iter(stream)
        new = write(simulator, subscribed)
        ids = list[str]()
        while new not in ids:
            body = told(lines)
            if body["data"]["filter"].get("user_id") == subscribed.x_user_id:
                ids.append(message_of(body))
    assert ids == [missed, new]


def test_a_span_is_repeated_until_its_end(
    simulator: Simulator, app: Client, subscribed: BrandAccount
) -> None:
    dm_id = write(simulator, subscribed)
    now, lines = timezone.now(), list[bytes]()
    span = app.activity_stream(since=now - timedelta(minutes=1), until=now)
    with span as stream, pytest.raises(StreamEnded) as caught:
        lines.extend(stream)
    assert caught.value.problem == "closed"
    assert any(dm_id.encode() in line for line in lines)


@pytest.mark.parametrize(
    ("cut_after_seconds", "kind", "problems"),
    [
        (60, Disconnected, {"SlowReader"}),
        (0.01, StreamEnded, {"ProtocolError", "InvalidChunkLength"}),
    ],
    ids=["reads on in time", "too late"],
)
def test_who_reads_too_slowly_loses_the_stream(
    simulator: Simulator,
    app: Client,
    acme: BrandAccount,
    cut_after_seconds: float,
    kind: type[StreamEnded],
    problems: set[str],
) -> None:
    simulator.post("streams", most_waiting=50, cut_after_seconds=cut_after_seconds)
    subscription = {"event_type": "dm.received", "filter": {"user_id": acme.x_user_id}}
    Client.for_brand(acme).request("POST", "/2/activity/subscriptions", json=subscription)
    with app.activity_stream() as stream:
        flood(simulator, acme)
        assert simulator.get("streams")["open"] == []
        error = ended(iter(stream))
    assert type(error) is kind
    assert error.problem in problems
    assert backoff.before_stream(error, 1) == timedelta(0)


def flood(simulator: Simulator, to: BrandAccount) -> None:
    """More than any buffer on the way holds."""
    people = {"sender_id": simulator.person()["id"], "recipient_id": to.x_user_id}
    dm_id = simulator.post("dms", text="x" * 9_000, deliver=False, **people)["id"]
    events = [{"kind": "dm", "id": dm_id}] * 20
    simulator.post("deliver", events=events, repeat=100)


def test_a_handle_may_not_open_it(simulator: Simulator, acme: BrandAccount) -> None:
    with pytest.raises(Forbidden) as caught:
        Client.for_brand(acme).activity_stream()
    assert caught.value.problem == "unsupported-authentication"


def test_when_x_ends_its_program_the_stream_ends_and_is_opened_again(
    tmp_path: Path, settings: Settings, db: None
) -> None:
    with x.running(tmp_path) as simulator:
        settings.X_API_URL = simulator.url
        oauth.forget_bearer()
        app = Client.for_app()
        stream = app.activity_stream()
    with stream:
        error = ended(iter(stream))
    assert (type(error), error.problem) == (Disconnected, "OperationalDisconnect")
    with pytest.raises(NotSent) as caught:
        app.activity_stream()
    waits = [backoff.before_stream(caught.value, failures) for failures in (2, 3)]
    assert waits == [timedelta(seconds=0.5), timedelta(seconds=0.75)]
    oauth.forget_bearer()


# The filtered stream


def test_posts_come_by_rules_with_the_fields_that_pages_have(
    simulator: Simulator, app: Client
) -> None:
    carla = simulator.person()
    (rule,) = app.add_rules([Rule(f"from:{carla['username']} -is:retweet", "carla")])["data"]
    with app.post_stream() as stream:
        lines = iter(stream)
        root = simulator.post("posts", author_id=carla["id"], text="Hello")["id"]
        below = simulator.post(
            "posts", author_id=carla["id"], text="And more", in_reply_to_post_id=root
        )["id"]
        first, second = told(lines), told(lines)
    assert first["matching_rules"] == [{"id": rule["id"], "tag": "carla"}]
    assert [first["data"]["id"], second["data"]["id"]] == [root, below]
    assert first["data"].keys() >= arrivals.POST
    assert [user["id"] for user in first["includes"]["users"]] == [carla["id"]]
    assert second["data"]["referenced_tweets"] == [{"type": "replied_to", "id": root}]
    assert [post["id"] for post in second["includes"]["tweets"]] == [root]


def test_posts_that_were_missed_come_first(simulator: Simulator, app: Client) -> None:
    carla = simulator.person()
    app.add_rules([Rule(f"from:{carla['username']}")])
    missed = simulator.post("posts", author_id=carla["id"], text="Hello?")["id"]
    with app.post_stream(backfill_minutes=1) as stream:
        assert told(iter(stream))["data"]["id"] == missed


def test_without_rules_it_is_refused(simulator: Simulator, app: Client) -> None:
    with pytest.raises(Refused) as caught:
        app.post_stream()
    assert (caught.value.status, caught.value.problem) == (409, "streaming-connection")
    assert caught.value.reason.startswith("You must define rules")
    assert backoff.before_stream(caught.value, 1) == timedelta(seconds=5)


def test_a_second_one_is_too_many(simulator: Simulator, app: Client) -> None:
    app.add_rules([Rule("acme")])
    with app.post_stream(), pytest.raises(TooManyConnections):
        app.post_stream()
    no_stream_is_open(simulator)


def test_rules_are_listed_counted_and_deleted(simulator: Simulator, app: Client) -> None:
    one, other = app.add_rules([Rule("acme -is:retweet", "acme"), Rule("globex")])["data"]
    assert app.rules()["data"] == [other, one]
    assert app.rule_counts()["data"]["client_app_rules_count"]["rule_count"] == 2
    told = app.delete_rules([one["id"], "1"])
    assert told["meta"]["summary"] == {"deleted": 1, "not_deleted": 1}
    assert app.rules()["data"] == [other]


def test_rules_are_listed_in_pages(simulator: Simulator, app: Client, monkeypatch) -> None:
    monkeypatch.setattr(filtered, "RULES_PAGE", 1)
    one, other = app.add_rules([Rule("acme"), Rule("globex")])["data"]
    first = app.rules()
    rest = app.rules(page_token=first["meta"]["next_token"])
    assert (first["data"], rest["data"]) == ([other], [one])


def test_rules_are_tried_before_they_are_added(simulator: Simulator, app: Client) -> None:
    told = app.add_rules([Rule("acme"), Rule("has:media")], dry_run=True)
    assert told["meta"]["summary"] == {"created": 1, "not_created": 1, "valid": 1, "invalid": 1}
    assert told["errors"][0]["value"] == "has:media"
    assert "data" not in app.rules()


def test_rules_that_x_does_not_take_are_named_and_the_others_hold(
    simulator: Simulator, app: Client
) -> None:
    app.add_rules([Rule("acme")])
    told = app.add_rules([Rule("acme"), Rule("colour:red"), Rule("globex")])
    assert [rule["value"] for rule in told["data"]] == ["globex"]
    assert [(error["value"], error["title"]) for error in told["errors"]] == [
        ("acme", "DuplicateRule"),
        ("colour:red", "UnprocessableEntity"),
    ]


def test_more_rules_than_x_allows_are_refused(simulator: Simulator, app: Client) -> None:
    with pytest.raises(Refused) as caught:
        app.add_rules([Rule(f"word{number}") for number in range(1_001)])
    assert caught.value.problem == "rule-cap"


# Which are open


def test_open_streams_are_listed_and_ended(simulator: Simulator, app: Client) -> None:
    app.add_rules([Rule("acme")])
    with app.activity_stream() as one, app.activity_stream() as two, app.post_stream() as posts:
        held = app.connections()["data"]
        names = [connection["endpoint_name"] for connection in held]
        assert names == ["filtered_stream", "activity_stream", "activity_stream"]
        assert app.end_connections_of()["data"]["successful_kills"] == 1
        assert ended(iter(posts)).problem == "ForceDisconnect"
        assert app.end_connections([held[2]["id"]])["data"]["successful_kills"] == 1
        assert ended(iter(one)).problem == "ForceDisconnect"
        assert app.end_all_connections()["data"]["successful_kills"] == 1
        assert ended(iter(two)).problem == "ForceDisconnect"
    assert "data" not in app.connections()
    known = app.connections(status="inactive")["data"][0]
    assert known["disconnect_reason"] == "ForceDisconnect"
    assert known["disconnected_at"]
