"""From bytes to records: `twitter_sync.payloads.parse`."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twitter_sync.payloads import (
    Delivery,
    DirectMessage,
    EncryptedMessage,
    Post,
    PostDeletion,
    Revocation,
    Signal,
    Unknown,
    Unreadable,
    parse,
)

BRAND, CUSTOMER = "2244994945", "9876543210"
DM_ID, POST_ID = "1992000000000000102", "1992000000000000200"
FILES = sorted(Path(os.environ.get("SHARED_DATA", "/nowhere")).glob("webhooks/*_activity/*.json"))


def read(body: Any) -> Delivery:
    return parse(json.dumps(body).encode())


def dm_event(**fields: Any) -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": DM_ID,
        "created_timestamp": "1795256102000",
        "message_create": {
            "target": {"recipient_id": BRAND},
            "sender_id": CUSTOMER,
            "message_data": {"text": "Where is it?", "entities": {}},
        },
        **fields,
    }


def activity(kind: str, payload: Any, **more: Any) -> dict[str, Any]:
    filtered = {"user_id": BRAND}
    return {"data": {"event_type": kind, "filter": filtered, "payload": payload, **more}}


def v2_post(**fields: Any) -> dict[str, Any]:
    return {
        "id": POST_ID,
        "text": "@acme second day without internet",
        "author_id": CUSTOMER,
        "conversation_id": "1991999999999999999",
        "created_at": "2026-11-21T10:20:00.000Z",
        **fields,
    }


SHAPES: list[dict[str, Any]] = [
    activity("dm.received", {"direct_message_events": [dm_event()], "users": {}}),
    activity("post.mention.create", v2_post(), includes={"users": [{"id": "1", "username": "a"}]}),
    activity("chat.received", {"id": "e4", "created_at_msec": "1795256102000", "sender_id": "1"}),
    {"for_user_id": BRAND, "direct_message_events": [dm_event()], "users": {}},
    {"for_user_id": BRAND, "tweet_create_events": [{"id_str": POST_ID, "user": {"id": 1}}]},
    {"for_user_id": BRAND, "tweet_delete_events": [{"status": {"id": POST_ID}}]},
    {"user_event": {"revoke": {"source": {"user_id": BRAND}}}},
    {"data": [v2_post()], "includes": {"tweets": [v2_post()]}, "errors": [{}], "meta": {}},
]


# Shapes


@pytest.mark.parametrize("wrap", [lambda one: {"data": one}, lambda one: one])
def test_it_reads_people_wrapped_or_flat(wrap):
    person = {"id": CUSTOMER, "username": "ana_k", "name": "Ana", "public_metrics": {}}
    payload = {"direct_message_events": [dm_event()], "users": {CUSTOMER: wrap(person)}}
    assert read(activity("dm.received", payload)).people[CUSTOMER].username == "ana_k"


def test_it_names_the_conversation_of_two_where_x_does_not():
    [message] = read(activity("dm.received", {"direct_message_events": [dm_event()]})).events
    assert message == DirectMessage(
        for_user_id=BRAND,
        id=DM_ID,
        sender_id=CUSTOMER,
        recipient_id=BRAND,
        conversation_id=f"{BRAND}-{CUSTOMER}",
        text="Where is it?",
        created_at=datetime(2026, 11, 21, 10, 15, 2, tzinfo=UTC),
    )


def test_it_reads_every_event_of_every_array():
    messages = [dm_event(id=str(int(DM_ID) + n)) for n in range(25)]
    body = {
        "for_user_id": BRAND,
        "direct_message_events": messages,
        "tweet_delete_events": [{"status": {"id": POST_ID, "user_id": BRAND}}],
        "telepathy_events": [{}],
        "users": {},
    }
    kinds = Counter(type(event) for event in read(body).events)
    assert kinds == {DirectMessage: 25, PostDeletion: 1, Unknown: 1}


def test_data_may_be_a_list_for_several_accounts():
    first, second = (
        activity("dm.received", {"direct_message_events": [dm_event()]}),
        activity("post.delete", {"id": POST_ID, "author_id": BRAND}),
    )
    events = read({"data": [first["data"], second["data"]]}).events
    assert [type(event) for event in events] == [DirectMessage, PostDeletion]


def test_an_element_that_cannot_be_read_holds_up_no_other():
    delivery = read(
        {"for_user_id": BRAND, "direct_message_events": [dm_event(id="12x"), dm_event(), "?"]}
    )
    assert [event.id for event in delivery.events] == [DM_ID]
    assert delivery.unreadable == (
        "direct_message_events: id of a direct message is not an id",
        "direct_message_events: an element is not an object",
    )


def test_what_an_inbox_has_nothing_to_do_with_is_a_signal():
    kinds = ["dm.read", "dm.indicate_typing", "follow.follow", "like.create", "chat.update.name"]
    events = [read(activity(kind, {})).events[0] for kind in kinds]
    assert events == [Signal(BRAND, kind) for kind in kinds]


def test_unknown_kinds_are_kept_by_name():
    assert read(activity("dm.telepathy", {})).events == (Unknown(BRAND, "dm.telepathy"),)


@pytest.mark.parametrize(
    "words",
    [
        {"referenced_tweets": [{"type": "replied_to", "id": "1991999999999999998"}]},
        {"referenced_posts": [{"type": "replied_to", "id": "1991999999999999998"}]},
    ],
    ids=["tweet vocabulary", "post vocabulary"],
)
def test_it_reads_both_vocabularies(words):
    [post] = read({"data": [v2_post(in_reply_to_user_id=BRAND, **words)], "meta": {}}).events
    assert (post.parent_id, post.answers_user_id) == ("1991999999999999998", BRAND)


def test_a_post_that_only_begins_with_a_name_answers_nothing():
    [post] = read({"data": [v2_post(in_reply_to_user_id=BRAND)]}).events
    assert (post.parent_id, post.answers_user_id) == (None, None)


@pytest.mark.parametrize("name", ["note_tweet", "note_post"])
def test_long_posts_are_read_in_full(name):
    entities = {"hashtags": [{"start": 0, "end": 5, "tag": "long"}]}
    [post] = read({"data": v2_post(**{name: {"text": "#long …", "entities": entities}})}).events
    assert (post.text, dict(post.entities)) == ("#long …", entities)


def test_older_posts_are_read_in_full():
    entities = {"user_mentions": [{"screen_name": "acme", "id_str": BRAND, "indices": [0, 5]}]}
    told = {
        "created_at": "Sat Nov 21 10:20:00 +0000 2026",
        "id": 1992000000000000000,
        "id_str": POST_ID,
        "text": "@acme second day …",
        "extended_tweet": {"full_text": "@acme second day without", "entities": entities},
        "user": {"id_str": CUSTOMER, "screen_name": "ana_k"},
    }
    delivery = read({"for_user_id": BRAND, "tweet_create_events": [told]})
    [post] = delivery.events
    assert (post.id, post.text) == (POST_ID, "@acme second day without")
    assert post.created_at == datetime(2026, 11, 21, 10, 20, tzinfo=UTC)
    mention = {"start": 0, "end": 5, "username": "acme", "id": BRAND}
    assert dict(post.entities) == {"mentions": [mention]}
    assert delivery.people[CUSTOMER].username == "ana_k"


def test_a_repost_is_marked():
    references = [{"type": "retweeted", "id": "1991999999999999999"}]
    [post] = read({"data": v2_post(referenced_tweets=references)}).events
    assert post.is_repost
    [told] = read(activity("post.repost.create", v2_post())).events
    assert told.is_repost


def test_the_same_picture_has_the_same_key_in_both_forms():
    picture = {"id_str": "77", "type": "photo", "media_url_https": "https://ton.twitter.com/a.jpg"}
    older = dm_event()
    older["message_create"]["message_data"]["attachment"] = {"type": "media", "media": picture}
    newer = {
        "data": {
            "id": DM_ID,
            "event_type": "MessageCreate",
            "sender_id": CUSTOMER,
            "dm_conversation_id": f"{BRAND}-{CUSTOMER}",
            "attachments": {"media_keys": ["3_77"]},
        },
        "includes": {"media": [{"media_key": "3_77", "type": "photo", "url": "https://x.com/a"}]},
    }
    [pushed] = read(activity("dm.received", {"direct_message_events": [older]})).events
    [polled] = read(newer).events
    assert [(one.key, one.kind) for one in pushed.media] == [("3_77", "photo")]
    assert [(one.key, one.kind) for one in polled.media] == [("3_77", "photo")]


def test_partial_errors_name_what_x_withholds():
    error = {"resource_type": "tweet", "resource_id": "1991999999999999999", "title": "No"}
    delivery = read({"data": [v2_post()], "errors": [error]})
    assert (delivery.missing, len(delivery.events)) == (("1991999999999999999",), 1)


def test_an_encrypted_message_keeps_its_envelope():
    payload = {
        "id": "e4f4d3fc-8bbf-4928-92eb-e5058d6bb6f6",
        "created_at_msec": "1795256102000",
        "sender_id": CUSTOMER,
        "conversation_id": f"{CUSTOMER}:{BRAND}",
        "encoded_event": "CwABAAAA",
    }
    [message] = read(activity("chat.received", payload)).events
    assert isinstance(message, EncryptedMessage)
    assert message.conversation_id == f"{BRAND}-{CUSTOMER}"
    assert message.envelope["encoded_event"] == "CwABAAAA"


def test_a_revocation_needs_no_subscription():
    [event] = read(activity("oauth.revoke", {"user_id": BRAND}, filter={})).events
    assert event == Revocation(BRAND)


# Hostile input


def test_text_that_nothing_can_store_keeps_its_length():
    message = dm_event()
    message["message_create"]["message_data"]["text"] = "a\x00b\ud83dc \u202e👍"
    [read_message] = read(activity("dm.sent", {"direct_message_events": [message]})).events
    assert read_message.text == "a\ufffdb\ufffdc \u202e👍"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'{"data": NaN}',
        b"\xff\xfe{}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"id": ' + b"9" * 100_000 + b"}",
    ],
    ids=["empty", "null", "list", "NaN", "not UTF-8", "deep", "long number"],
)
def test_what_is_no_object_is_unreadable(raw):
    with pytest.raises(Unreadable):
        parse(raw)


@pytest.mark.parametrize(
    "x_id", ["9223372036854775808", "-1", "١٢٣", "", 1.5, True, None, [], "1 "]
)
def test_an_id_is_digits_that_fit_64_bits(x_id):
    delivery = read({"for_user_id": BRAND, "direct_message_events": [dm_event(id=x_id)]})
    assert (delivery.events, len(delivery.unreadable)) == ((), 1)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"data": []}),
)


@given(shape=st.sampled_from(SHAPES), data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_change_of_a_shape_breaks_it(shape, data):
    """One value, anywhere in a real shape, becomes something odd, or goes."""
    body = json.loads(json.dumps(shape))
    paths = [path for path in places(body) if path]
    *way, last = data.draw(st.sampled_from(paths))
    holder = body
    for step in way:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[last] = data.draw(ODD)
    else:
        del holder[last]
    try:
        delivery = read(body)
    except Unreadable:
        return
    json.dumps([repr(event) for event in delivery.events]).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path]
    for key, one in inner:
        found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found


# Real payloads

# What X's own samples leave out, or what is broken in a sample on purpose.
INCOMPLETE = {"courier_invalidTwitterID", "post.create"}


@pytest.mark.shared_data
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_reads_real_deliveries(file):
    delivery = parse(file.read_bytes())
    assert bool(delivery.unreadable) == (file.stem in INCOMPLETE)
    assert delivery.events or delivery.unreadable


@pytest.mark.shared_data
def test_it_reads_real_messages_with_their_ornaments():
    """Of every kind at least one, with its entities, media and people."""
    events = [event for file in FILES for event in parse(file.read_bytes()).events]
    kinds = Counter(type(event) for event in events)
    assert kinds[DirectMessage] >= 11
    assert kinds[Post] >= 13
    assert {PostDeletion, Revocation, EncryptedMessage, Signal} <= kinds.keys()
    said = [event for event in events if isinstance(event, DirectMessage | Post)]
    assert all(event.text for event in said)
    assert any(event.entities.get("urls") for event in said)
    assert any(event.media for event in said)


@pytest.mark.shared_data
def test_it_reads_real_pages():
    """Pages with our fields are read whole; those with X's default fields miss the author."""
    shared = Path(os.environ["SHARED_DATA"], "api_v2")
    posts = [json.loads(line) for line in (shared / "real_v2_posts.jsonl").open()]
    delivery = read({"data": posts, "meta": {}})
    assert (len(delivery.events), delivery.unreadable) == (len(posts), ())
    for line in (shared / "tweepy_responses.jsonl").open():
        body = json.loads(line)["body"]
        if isinstance(body, dict):
            assert isinstance(read(body), Delivery)
    for line in (shared / "x_docs_samples.jsonl").open():
        body = json.loads(line)["json"]
        if isinstance(body, dict):
            assert isinstance(read(body), Delivery)


@pytest.mark.shared_data
def test_entities_of_real_posts_point_at_what_they_name():
    """Offsets count code points of the escaped text, in 28 languages."""
    shared = Path(os.environ["SHARED_DATA"], "api_v2")
    checked = 0
    for line in (shared / "real_v2_posts.jsonl").open():
        [post] = read({"data": json.loads(line)}).events
        for mention in post.entities.get("mentions", []):
            shown = post.text[mention["start"] : mention["end"]]
            checked += shown[1:].casefold() == mention["username"].casefold()
    assert checked > 1000
