"""What a call and a push count as on X's bill."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from twitter_sync import billing
from twitter_sync.billing import DEEDS, PRICES, READS, Kind
from twitter_sync.endpoints import LIMITS
from twitter_sync.payloads import (
    DirectMessage,
    EncryptedMessage,
    Post,
    PostDeletion,
    Revocation,
    Signal,
)

PAGE = {
    "data": [{"id": "11"}, {"id": "12"}],
    "includes": {"users": [{"id": "1"}, {"id": "1"}], "tweets": [{"id": "10"}], "media": [{}]},
}


def test_every_kind_has_a_price_and_words() -> None:
    assert PRICES.keys() == set(Kind)
    assert len({kind.label for kind in Kind}) == len(Kind)


def test_it_names_calls_that_there_are() -> None:
    assert (READS.keys() | DEEDS.keys() | {"post_create"}) <= LIMITS.keys()


def test_a_page_is_what_it_shows_and_what_comes_along() -> None:
    assert billing.read("mentions", PAGE) == {
        (Kind.POST_READ, "11"),
        (Kind.POST_READ, "12"),
        (Kind.POST_READ, "10"),
        (Kind.USER_READ, "1"),
    }
    assert billing.read("dm_events", {"data": [{"id": "11"}]}) == {(Kind.DM_READ, "11")}
    assert billing.read("me", {"data": {"id": "1"}}) == {(Kind.USER_READ, "1")}


def test_looking_after_our_own_app_is_free() -> None:
    assert billing.read("webhooks", PAGE) == set()
    assert billing.read("subscriptions", PAGE) == set()
    assert billing.deed("upload_initialize", {"media_type": "image/png"}) is None
    assert billing.deed("register_webhook", {"url": "https://desk.example.com/"}) is None


def test_of_a_file_its_description_costs() -> None:
    sent = {"id": "11", "metadata": {"alt_text": {"text": "A parcel"}}}
    assert billing.deed("upload_describe", sent) == Kind.DESCRIPTION


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": None, "includes": []},
        {"data": "11", "includes": "x"},
        {"data": [None, 11, {"id": None}, {"id": "x"}, {"id": "9" * 60}], "includes": {"users": 1}},
    ],
)
def test_an_answer_of_another_shape_counts_as_nothing(answer: dict[str, Any]) -> None:
    assert billing.read("mentions", answer) == set()


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"text": "Good morning"}, Kind.POST),
        ({"text": "On it", "reply": {"in_reply_to_tweet_id": "1"}}, Kind.REPLY),
        (
            {"text": "See acme.com/help", "reply": {"in_reply_to_tweet_id": "1"}},
            Kind.POST_WITH_LINK,
        ),
        ({"text": "See https://acme.com"}, Kind.POST_WITH_LINK),
        ({"media": {"media_ids": ["1"]}}, Kind.POST),
    ],
)
def test_a_post_costs_by_what_it_says_and_whom_it_answers(sent: dict[str, Any], kind: Kind) -> None:
    assert billing.deed("post_create", sent) == kind


def test_what_x_pushes_costs_unless_the_handle_did_it_itself() -> None:
    then = datetime(2026, 11, 22, tzinfo=UTC)
    received = DirectMessage("7", "1", "9", "7", "7-9", "Hi", then)
    assert billing.pushed(received) == Kind.DM_PUSHED
    assert billing.pushed(DirectMessage("7", "1", "7", "9", "7-9", "Hi", then)) is None
    assert billing.pushed(EncryptedMessage("7", "1", "9", "7-9", then, {})) == Kind.DM_PUSHED
    assert billing.pushed(Post("7", "1", "9", "Hi", then)) == Kind.POST_PUSHED
    assert billing.pushed(PostDeletion("7", "1")) == Kind.POST_PUSHED
    assert billing.pushed(Signal("7", "dm.indicate_typing")) is None
    assert billing.pushed(Revocation("7")) is None
