"""Bodies that X did send, read whole."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twitter_sync import real_bodies
from tests.twitter_sync.shapes import read
from tests.twitter_sync.test_hostile_payloads import change, reads_or_refuses
from twitter_sync.payloads import (
    Delivery,
    DirectMessage,
    EncryptedMessage,
    Post,
    PostDeletion,
    Revocation,
    Signal,
    Unreadable,
)
from twitter_sync.payloads.account_activity import ADDRESS
from twitter_sync.payloads.gathering import one_or_many
from twitter_sync.payloads.reading import FIRST_SNOWFLAKE

pytestmark = pytest.mark.shared_data

# Samples that lack what X itself always sends: cut short in the documents, with a word in the place
# of an id, or broken on purpose.
BROKEN = {
    "courier_invalidTwitterID",
    "post.create",
    "251 x-api/account-activity/quickstart.mdx",
    "252 x-api/account-activity/quickstart.mdx",
    "253 x-api/activity/event-payloads.mdx",
    "494 xchat/real-time-events.mdx",
}


@pytest.mark.parametrize(
    ("bodies", "whole", "of"),
    [
        (real_bodies.deliveries, 50, 52),
        (real_bodies.recorded_pages, 8, 22),
        (real_bodies.documented, 78, 112),
    ],
    ids=["deliveries", "recorded pages", "documented"],
)
def test_every_body_is_read_or_says_what_it_lacks(bodies, whole, of):
    """X's default fields name no author: what was asked for without ours can't be a message."""
    found = {name: (body, read(body)) for name, body in bodies()}
    failed = {name: told.unreadable for name, (_, told) in found.items() if told.unreadable}
    assert failed.keys() == {
        name for name, (body, _) in found.items() if name in BROKEN or lacking(body)
    }
    assert (len(found) - len(failed), len(found)) == (whole, of)


def lacking(body: Any) -> bool:
    """Some item came without a field that we never fail to ask for."""
    items = [item for item in one_or_many(body.get("data")) if "payload" not in item]
    return any(not asked_for(item) <= item.keys() for item in items)


def asked_for(item: dict[str, Any]) -> set[str]:
    if "username" in item:
        return {"id"}
    if item.get("event_type") == "MessageCreate":
        return {"id", "sender_id", "dm_conversation_id"}
    # The time of a post can be had from its id, unless the sample made the id up.
    early = int(item.get("id", 0)) < FIRST_SNOWFLAKE
    if "event_type" in item:
        return {"id"}
    return {"id", "author_id", "created_at"} if early else {"id", "author_id"}


def test_real_messages_come_with_their_ornaments():
    """Of every kind at least one, with its entities, media and people."""
    events = [event for _, body in real_bodies.deliveries() for event in read(body).events]
    kinds = Counter(type(event) for event in events)
    assert kinds[DirectMessage] >= 11
    assert kinds[Post] >= 13
    assert {PostDeletion, Revocation, EncryptedMessage, Signal} <= kinds.keys()
    said = [event for event in events if isinstance(event, DirectMessage | Post)]
    assert all(event.text for event in said)
    assert any(event.entities.get("urls") for event in said)
    assert any(event.media for event in said)


def test_every_element_of_every_array_is_accounted_for():
    """As many events as X put in, and what this version does not know is kept by name."""
    for name, body in real_bodies.deliveries():
        if "data" in body:
            continue
        told = read(body)
        arrays = [value for key, value in body.items() if key not in ADDRESS]
        elements = sum(len(value) if isinstance(value, list) else 1 for value in arrays)
        assert len(told.events) + len(told.unreadable) == elements, name


def test_real_posts_are_read_whole():
    posts = real_bodies.real_posts()
    delivery = read({"data": posts, "meta": {}})
    assert (len(delivery.events), delivery.unreadable) == (len(posts), ())
    assert len(posts) == 3_350


def test_whatever_x_documents_raises_nothing_but_the_one_error():
    """All samples, of every interface: of advertising, of settings, of errors."""
    read_or_refused = 0
    for line in (real_bodies.SHARED / "api_v2/x_docs_samples.jsonl").open():
        with suppress(Unreadable):
            assert isinstance(read(json.loads(line)["json"]), Delivery)
        read_or_refused += 1
    for line in (real_bodies.SHARED / "api_v2/tweepy_responses.jsonl").open():
        with suppress(Unreadable):
            assert isinstance(read(json.loads(line)["body"]), Delivery)
        read_or_refused += 1
    assert read_or_refused == 495 + 165


@pytest.mark.parametrize("examples", [50, pytest.param(1_000, marks=pytest.mark.deep)])
def test_no_change_of_a_real_delivery_breaks_it(examples):
    deliveries = [body for _, body in real_bodies.deliveries()]

    @given(data=st.data())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(data: st.DataObject) -> None:
        body = deepcopy(data.draw(st.sampled_from(deliveries)))
        for _ in range(data.draw(st.integers(1, 3))):
            change(body, data)
        reads_or_refuses(body)

    holds()


def test_entities_of_real_posts_point_at_what_they_name():
    """Offsets count code points of the escaped text, in 28 languages."""
    checked = 0
    for body in real_bodies.real_posts():
        [post] = read({"data": body}).events
        for mention in post.entities.get("mentions", []):
            shown = post.text[mention["start"] : mention["end"]]
            checked += shown[1:].casefold() == mention["username"].casefold()
    assert checked > 1000
