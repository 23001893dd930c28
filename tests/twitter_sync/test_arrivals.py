"""Whether what was asked of X arrived: `twitter_sync.arrivals`."""

from __future__ import annotations

import pytest

from tests.twitter_sync.shapes import dm_item, v2_post
from twitter_sync import arrivals, budgets
from twitter_sync.client import Client
from twitter_sync.errors import Unconfirmed

WHOLE = v2_post(edit_history_tweet_ids=["1"], lang="en", reply_settings="everyone")


@pytest.fixture(autouse=True)
def _nothing_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_named", set())


def named(caplog: pytest.LogCaptureFixture) -> list[tuple[str, list[str]]]:
    """Endpoints and fields, of each line in the log."""
    told = [record.msg for record in caplog.records if record.name == arrivals.__name__]
    return [(line["endpoint"], line["fields"]) for line in told]


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


def test_it_is_said_once(caplog: pytest.LogCaptureFixture):
    for _ in range(3):
        arrivals.check("posts", {"data": [without(WHOLE, "lang")]})
    arrivals.check("posts", {"data": [without(WHOLE, "lang", "author_id")]})
    arrivals.check("mentions", {"data": [without(WHOLE, "lang")]})
    assert named(caplog) == [
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
def test_a_page_that_lacks_a_field_is_still_a_page(small_x, caplog):
    page = {"data": [without(dm_item(), "sender_id")]}
    small_x.answer("GET /2/dm_events", page)
    assert Client("token", scope=budgets.user_scope("2")).dm_events() == page
    assert named(caplog) == [("dm_events", ["sender_id"])]


@pytest.mark.django_db
def test_a_handle_that_is_not_told_who_takes_its_messages_says_so(small_x, acme, caplog):
    ana = dict.fromkeys(arrivals.PERSON, "1")
    small_x.answer("GET /2/users", {"data": [ana]}, {"data": [ana | {"receives_your_dm": True}]})
    handle = Client("token", scope=budgets.user_scope("2"), brand=acme)
    Client("token", scope=budgets.APP).users(ids=["1"])
    handle.users(ids=["1"])
    assert named(caplog) == [("users", ["connection_status"])]
