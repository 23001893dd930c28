"""Whether what was asked of X arrived: `twitter_sync.arrivals`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.twitter_sync.shapes import dm_item, v2_post
from twitter_sync import arrivals, budgets
from twitter_sync.client import Client
from twitter_sync.errors import Unconfirmed

WHOLE = v2_post(edit_history_tweet_ids=["1"], lang="en", reply_settings="everyone")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    arrivals.forget()
    yield
    arrivals.forget()


def without(item: dict, *names: str) -> dict:
    return {name: value for name, value in item.items() if name not in names}


@pytest.mark.parametrize(
    ("endpoint", "answer", "missing"),
    [
        ("posts", {"data": [WHOLE]}, set()),
        ("posts", {"data": [WHOLE, without(WHOLE, "author_id", "lang")]}, {"author_id", "lang"}),
        ("posts", {"errors": [{}]}, set()),
        (
            "mentions",
            {"data": [without(WHOLE, "edit_history_tweet_ids") | {"edit_history_post_ids": []}]},
            set(),
        ),
        ("dm_events", {"data": [dm_item(), without(dm_item(), "sender_id")]}, {"sender_id"}),
        ("dm_event", {"data": without(dm_item(), "dm_conversation_id")}, {"dm_conversation_id"}),
        (
            "dm_events",
            {"data": [without(dm_item(event_type="ParticipantsJoin"), "text", "sender_id")]},
            set(),
        ),
        ("users", {"data": ["odd", None, {}]}, arrivals.PERSON),
        ("users", {"data": 5}, set()),
        ("unsubscribe", {"data": {"deleted": True}}, set()),
    ],
)
def test_what_is_missing_is_named(endpoint, answer, missing):
    assert arrivals.missing(endpoint, answer) == missing


def test_it_is_said_once():
    with capture_logs() as logs:
        for _ in range(3):
            arrivals.check("posts", {"data": [without(WHOLE, "lang")]})
        arrivals.check("posts", {"data": [without(WHOLE, "lang", "author_id")]})
        arrivals.check("mentions", {"data": [without(WHOLE, "lang")]})
    assert [(log["endpoint"], log["fields"]) for log in logs] == [
        ("posts", ["lang"]),
        ("posts", ["author_id"]),
        ("mentions", ["lang"]),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"dm_event_id": ""}}, {"data": []}])
def test_a_message_that_x_took_without_naming_it_may_have_been_sent(small_x, body):
    small_x.answer("POST /2/dm_conversations/with/1/messages", body)
    with pytest.raises(Unconfirmed) as caught:
        Client("token", scope=budgets.user_scope("2")).send_dm("Hello", to="1")
    assert caught.value.may_have_taken_effect


@pytest.mark.django_db
def test_a_page_that_lacks_a_field_is_still_a_page(small_x):
    page = {"data": [without(dm_item(), "sender_id")]}
    small_x.answer("GET /2/dm_events", page)
    with capture_logs() as logs:
        assert Client("token", scope=budgets.user_scope("2")).dm_events() == page
    assert logs[0]["fields"] == ["sender_id"]
