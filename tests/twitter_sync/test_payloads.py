"""From bytes to records: `twitter_sync.payloads.parse`."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.conf import settings

from tests.twitter_sync.shapes import (
    BRAND,
    CUSTOMER,
    DM_ID,
    POST_ID,
    activity,
    dm_event,
    older_event,
    older_post,
    read,
    v2_post,
)
from twitter_sync.payloads import (
    DirectMessage,
    EncryptedMessage,
    PostDeletion,
    Revocation,
    Signal,
    Unknown,
    addressee,
)


@pytest.mark.parametrize("wrap", [lambda one: {"data": one}, lambda one: one])
def test_it_reads_people_wrapped_or_flat(wrap):
    person = {"id": CUSTOMER, "username": "ana_k", "name": "Ana", "public_metrics": {}}
    payload = {"direct_message_events": [dm_event()], "users": {CUSTOMER: wrap(person)}}
    assert read(activity("dm.received", payload)).people[CUSTOMER].username == "ana_k"


@pytest.mark.parametrize(
    "told", [{"public_metrics": {"followers_count": 0}}, {"followers_count": 0}]
)
def test_it_knows_that_nobody_follows_somebody(told):
    payload = {"users": {CUSTOMER: {"id": CUSTOMER, "username": "ana_k", **told}}}
    assert read(activity("dm.received", payload)).people[CUSTOMER].followers == 0


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


@pytest.mark.parametrize("payload", [{}, {"dm_events": [{"id": DM_ID, "text": "Hello"}]}])
def test_a_message_in_a_form_that_nobody_knows_is_not_passed_over(payload):
    delivery = read(activity("dm.received", payload))
    assert delivery.events == ()
    assert delivery.unreadable == ("direct_message_events of dm.received are missing",)


def test_a_message_may_come_with_several_pictures():
    told = dm_event()
    pictures = [{"id_str": "77", "type": "photo"}, {"id_str": "78", "type": "animated_gif"}]
    told["message_create"]["message_data"]["attachment"] = {"type": "media", "media": pictures}
    [message] = read(activity("dm.received", {"direct_message_events": [told]})).events
    assert [(one.key, one.kind) for one in message.media] == [("3_77", "photo"), ("16_78", "gif")]


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


# What the older form tells besides


def test_people_that_were_asked_for_are_people():
    delivery = read({"data": [{"id": CUSTOMER, "username": "ana_k"}, {"username": "nobody"}]})
    assert delivery.people[CUSTOMER].username == "ana_k"
    assert (delivery.events, delivery.unreadable) == ((), ("page: id of a person is missing",))


@pytest.mark.parametrize(
    "edited",
    [
        {"data": v2_post(edit_history_tweet_ids=["1992000000000000100", POST_ID])},
        {"data": v2_post(edit_history_post_ids=["1992000000000000100", POST_ID])},
        older_event(
            "tweet_create_events",
            older_post(edit_history={"edit_tweet_ids": ["1992000000000000100", POST_ID]}),
        ),
    ],
    ids=["tweet vocabulary", "post vocabulary", "older"],
)
def test_an_edit_names_the_ids_before_it(edited):
    [post] = read(edited).events
    assert post.earlier_ids == ("1992000000000000100",)


def test_an_older_quote_names_what_it_quotes():
    told = older_post(quoted_status_id=1991999999999999000, quoted_status_id_str="1991999999999999")
    [post] = read(older_event("tweet_create_events", told)).events
    assert post.quoted_id == "1991999999999999"


def test_numbers_may_come_as_text_alone():
    mention = {"start_str": "0", "end_str": "5", "username": "acme", "id": BRAND}
    [post] = read(activity("post.mention.create", v2_post(entities={"mentions": [mention]}))).events
    assert post.entities["mentions"] == [{"start": 0, "end": 5, "username": "acme", "id": BRAND}]


def test_what_names_an_event_may_be_any_number_or_none():
    for named in ({"event_uuid": "-6850472171600526495"}, {"event_uuid": 7}, {}):
        body = activity("dm.received", {"direct_message_events": [dm_event()]}, **named)
        assert [event.id for event in read(body).events] == [DM_ID]


def test_reading_needs_nothing_of_ours():
    """A program without Django, and without our settings, can read what X says."""
    program = (
        "import sys; sys.modules['django'] = None\n"
        "from twitter_sync.payloads import parse\n"
        "assert parse(b'{\"data\": []}').events == ()\n"
        "ours = {name for name in sys.modules if name.startswith('twitter_sync.')}\n"
        "assert all(name.startswith('twitter_sync.payloads') for name in ours), ours"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=settings.BASE_DIR)


# At a glance


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"for_user_id": "7", "direct_message_events": []}, "7"),
        ({"for_user_id": 7}, "7"),
        ({"data": {"filter": {"user_id": "7"}, "event_type": "dm.sent"}}, "7"),
        ({"data": [{"filter": {"user_id": "7"}}, {"filter": {"user_id": "8"}}]}, "7"),
        ({"data": {"filter": {}, "payload": {"user_id": "7"}}}, ""),
        ({"data": {"filter": {"user_id": "7 or 8"}}}, ""),
        ({"data": []}, ""),
        ([{"for_user_id": "7"}], ""),
        (None, ""),
    ],
)
def test_whom_a_push_is_for_is_seen_at_a_glance(body, named):
    assert addressee(body) == named
