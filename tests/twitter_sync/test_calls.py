"""Calls of the client where a small server says what X may say: the bodies are X's documents'."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from tests.twitter_sync.small_x import Said
from twitter_sync import budgets, oauth
from twitter_sync.calls.filtered import Rule
from twitter_sync.calls.media import NoDmMedia
from twitter_sync.client import Client
from twitter_sync.errors import (
    NotFound,
    OutOfBudget,
    RateLimited,
    Refused,
    StreamEnded,
    TooLarge,
)
from twitter_sync.models import RateBudget

pytestmark = pytest.mark.django_db
PROBLEM = "https://api.twitter.com/2/problems/"


@pytest.fixture
def app() -> Client:
    return Client("token-of-the-app", scope=budgets.APP)


@pytest.fixture
def acme() -> Client:
    return Client("token-of-acme", scope=budgets.user_scope("2244994945"))


# Direct messages


def test_a_message_is_deleted(acme, small_x):
    small_x.answer("DELETE /2/dm_events/1992", {"data": {"deleted": True}})
    assert acme.delete_dm("1992") == {"data": {"deleted": True}}
    scopes = RateBudget.objects.filter(endpoint="dm_delete").values_list("scope", "allowed")
    assert set(scopes) == {("user:2244994945", 300), ("user:2244994945", 1_500), ("app", 4_000)}


def test_a_file_goes_with_a_message_or_a_post(acme, small_x):
    sent = {"data": {"dm_conversation_id": "1-2", "dm_event_id": "3"}}
    small_x.answer("POST /2/dm_conversations/with/1/messages", Said(sent, 201))
    small_x.answer("POST /2/tweets", Said({"data": {"id": "4", "text": "Look"}}, 201))
    acme.send_dm("Look", to="1", media_id="77")
    acme.send_dm("", to="1", media_id="77")
    acme.create_post("Look", answering="9", media_ids=["77", "78"])
    with_text, without, post = [call.json for call in small_x.calls]
    assert with_text == {"text": "Look", "attachments": [{"media_id": "77"}]}
    assert without == {"attachments": [{"media_id": "77"}]}
    assert post["media"] == {"media_ids": ["77", "78"]}
    assert post["reply"] == {"in_reply_to_tweet_id": "9"}


TON = "https://ton.twitter.com/1.1/ton/data/dm/1992/1991/x1Y2z3.jpg"
FETCHED = "GET /2/dm_conversations/media/1992/1991/x1Y2z3.jpg"


def test_a_picture_of_a_message_is_fetched_as_the_handle(acme, small_x):
    picture = b"\xff\xd8\xff" + bytes(range(256)) * 1_000
    small_x.answer(FETCHED, Said(picture, headers={"Content-Type": "image/JPEG; q=1"}))
    into = io.BytesIO()
    assert acme.download_dm_media(TON, into) == "image/jpeg"
    assert into.getvalue() == picture
    [call] = small_x.calls
    assert call.headers["Authorization"] == "Bearer token-of-acme"


@pytest.mark.parametrize("name", ["-x1Y2z3.jpg", "_x1Y2z3.jpg", "x1Y-2z_3.png:large"])
def test_names_of_files_may_begin_with_any_letter_of_base64(acme, small_x, name):
    small_x.answer(f"GET /2/dm_conversations/media/1992/1991/{name}", Said(b"picture"))
    into = io.BytesIO()
    acme.download_dm_media(f"https://ton.x.com/1.1/ton/data/dm/1992/1991/{name}", into)
    assert into.getvalue() == b"picture"


def test_a_file_larger_than_we_take_is_named(acme, small_x):
    small_x.answer(FETCHED, Said(b"x" * 1_001))
    with pytest.raises(TooLarge) as caught:
        acme.download_dm_media(TON, io.BytesIO(), max_bytes=1_000)
    assert not caught.value.may_have_taken_effect
    acme.download_dm_media(TON, io.BytesIO(), max_bytes=1_001)


def test_what_x_says_instead_of_a_file_is_not_taken_for_one(acme, small_x):
    small_x.answer(FETCHED, Said({"title": "Not Found", "status": 404}, 404))
    into = io.BytesIO()
    with pytest.raises(NotFound):
        acme.download_dm_media(TON, into)
    assert into.getvalue() == b""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://pbs.twimg.com/media/a.jpg",
        "http://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg",
        "https://ton.twitter.com.evil.test/1.1/ton/data/dm/1/2/a.jpg",
        "https://ton.twitter.com/1.1/ton/data/dm/1/2/../../users",
        "https://ton.twitter.com/1.1/ton/data/dm/1/2/..",
        "https://ton.twitter.com/1.1/ton/data/dm/1/2/a%2f..%2fb",
        "https://ton.twitter.com/1.1/ton/data/dm/one/2/a.jpg",
    ],
)
def test_only_files_of_messages_are_fetched(acme, small_x, url):
    with pytest.raises(NoDmMedia):
        acme.download_dm_media(url, io.BytesIO())
    assert small_x.calls == []


# Webhooks


def replayed(app, small_x, since: str, until: str, now: str = "10:45:30") -> tuple[str, str]:
    """The span that X is asked for, of a day in November."""
    job = {"data": {"job_id": "1992000000000000401", "created_at": "2026-11-21T10:31:00.000Z"}}
    small_x.answer("POST /2/webhooks/replay", job)
    moments = [datetime.fromisoformat(f"2026-11-21T{told}+00:00") for told in (since, until, now)]
    since_at, until_at, now_at = moments
    assert app.replay_webhook("400", since=since_at, until=until_at, now=now_at) == job
    asked = small_x.calls[-1].json
    assert asked["webhook_id"] == "400"
    return asked["from_date"], asked["to_date"]


def test_a_replay_asks_for_whole_minutes(app, small_x):
    assert replayed(app, small_x, "10:00:40", "10:29:01") == ("202611211000", "202611211030")
    assert replayed(app, small_x, "10:00:00", "10:29:00") == ("202611211000", "202611211029")


def test_a_replay_asks_for_nothing_of_the_future(app, small_x):
    """X refuses a span that ends, or begins, later than now."""
    assert replayed(app, small_x, "10:40:10", "10:45:20") == ("202611211040", "202611211045")
    assert replayed(app, small_x, "10:45:10", "10:45:20") == ("202611211044", "202611211045")


def test_a_replay_asks_for_nothing_that_x_keeps_no_more(app, small_x):
    job = {"data": {"job_id": "1992000000000000401", "created_at": "2026-11-21T10:31:00.000Z"}}
    small_x.answer("POST /2/webhooks/replay", job)
    now = datetime(2026, 11, 21, 10, 45, 30, tzinfo=UTC)
    app.replay_webhook("400", since=now - timedelta(days=2), until=now, now=now)
    assert small_x.calls[-1].json["from_date"] == "202611201046"


# Streams


def test_a_bearer_that_x_refuses_for_a_stream_is_replaced(small_x):
    oauth.forget_bearer()
    small_x.answer("POST /oauth2/token", {"access_token": "old"}, {"access_token": "new"})
    small_x.answer("GET /2/activity/stream", Said({}, 401), Said(b'{"data":{}}\r\n\r\n'))
    lines = list[bytes]()
    with pytest.raises(StreamEnded), Client.for_app().activity_stream() as stream:
        lines.extend(stream)
    assert lines == [b'{"data":{}}', b""]
    used = [call.headers["Authorization"] for call in small_x.calls if call.method == "GET"]
    assert used == ["Bearer old", "Bearer new"]
    oauth.forget_bearer()


# The filtered stream


def test_a_rule_that_x_will_not_have_is_named(app, small_x):
    told = {
        "errors": [
            {
                "value": "acme AND",
                "details": ["no viable alternative"],
                "title": "UnprocessableEntity",
                "type": f"{PROBLEM}invalid-rules",
            }
        ],
        "title": "Invalid Request",
    }
    small_x.answer("POST /2/tweets/search/stream/rules", Said(told, 400))
    with pytest.raises(Refused) as caught:
        app.add_rules([Rule("acme AND")])
    assert (caught.value.problem, caught.value.reason) == ("invalid-rules", "Invalid Request")


# Quotas


@pytest.mark.parametrize(
    "body",
    [
        {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"},
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        b"Rate limit exceeded\n",
    ],
    ids=["problem", "older", "text"],
)
@pytest.mark.parametrize(
    ("prefix", "scope", "window"),
    [
        ("x-rate-limit", "user:2244994945", "15m"),
        ("x-user-limit-24hour", "user:2244994945", "24h"),
        ("x-app-limit-24hour", "app", "24h"),
    ],
)
def test_too_many_closes_the_window_that_x_says_is_empty(
    acme, small_x, body, prefix, scope, window
):
    resets_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    said = {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "7"}
    said |= {f"{prefix}-limit": "15", f"{prefix}-remaining": "0"}
    said |= {name: f"{resets_at.timestamp():.0f}" for name in ("x-rate-limit-reset",)}
    said[f"{prefix}-reset"] = f"{resets_at.timestamp():.0f}"
    small_x.answer("POST /2/dm_conversations/with/1/messages", Said(body, 429, said))
    with pytest.raises(RateLimited) as caught:
        acme.send_dm("Hello", to="1")
    assert timedelta(0) <= caught.value.resets_at - resets_at < timedelta(seconds=6)
    empty = RateBudget.objects.filter(remaining=0).values_list("scope", "window")
    assert list(empty) == [(scope, window)]
    with pytest.raises(OutOfBudget):
        acme.send_dm("Hello", to="1")
    assert len(small_x.calls) == 1
