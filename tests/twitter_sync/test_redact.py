"""What is deleted on X leaves no word anywhere: `twitter_sync.actions.redacting` and `cutting`."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.media.files import delete_left_behind, write
from inbox.models import Attachment, Contact, MediaFile, Message
from tests.factories import next_x_id
from tests.twitter_sync.bodies import (
    Body,
    delete_event,
    dm,
    encoded,
    own_event,
    post,
    push,
    reply_event,
    told_dms,
    user,
)
from tests.twitter_sync.canary import places_of
from twitter_sync.actions import cutting
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.cutting import cut_due, cut_some
from twitter_sync.actions.recording import record_items
from twitter_sync.actions.redacting import redact
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.models import KnownPost, RawEvent, Redaction
from twitter_sync.payloads.cutting import forms_told, without

pytestmark = pytest.mark.django_db

SECRET = "the canary sings at midnight"


@pytest.fixture
def answer(acme: BrandAccount, carla: Contact) -> Body:
    """Of the brand to a customer, with the secret in it."""
    question = post(carla, "@acme help", names=[acme])
    return post(acme, f"@carla {SECRET}", names=[carla], answers=question)


def hear(client: Client, *told: Body) -> None:
    for one in told:
        push(client, one)
    apply_due()


def bodies() -> list[bytes]:
    return [bytes(body) for body in RawEvent.objects.order_by("id").values_list("body", flat=True)]


def row(**columns: Any) -> RawEvent:
    told = {"source": "webhook", "fact": next_x_id(), "body": b"{}"} | columns
    return RawEvent.objects.create(**told)


def test_a_deletion_leaves_no_word_of_it_in_any_column_nor_file(
    client, acme, globex, carla, answer, media_folder: Path
):
    """Pushed, polled by two handles, told along, changed since, with a picture, told for a handle
    that is not connected, and set aside."""
    newer = answer | {
        "id": (x_id := next_x_id()),
        "text": f"@carla {SECRET}!",
        "edit_history_tweet_ids": [answer["id"], x_id],
    }
    below = post(carla, "@acme thanks", names=[acme], answers=answer)
    hear(client, own_event(acme, answer), own_event(acme, newer))
    hear(client, reply_event(acme, below, tweets=[answer], users=[user(carla)]))
    for brand in (acme, globex):
        record_items(brand, "post", [{"data": below, "includes": {"tweets": [newer]}}])
        record_items(brand, "post", [{"data": answer}])
    apply_due()
    hear(client, own_event(BrandAccount(x_user_id="77", handle="nobody"), answer))
    row(state="dead", body=encoded(own_event(acme, newer)))
    row(state="dead", body=f'{{"broken": {answer["id"]} {SECRET}'.encode())
    message = Message.objects.get(external_id=newer["id"])
    picture = Attachment.objects.create(message=message, kind="photo", media_key="3_1")
    write(picture, MediaFile.Role.WHOLE, BytesIO(SECRET.encode()), "application/octet-stream")
    found = places_of(SECRET, media_folder)
    assert {
        "inbox_message.text",
        "inbox_messagerevision.text",
        "twitter_sync_knownpost.text",
        "twitter_sync_rawevent.body",
        MediaFile.objects.get().key,
    } <= set(found)
    hear(client, delete_event(acme, newer["id"]))
    cut_due()
    delete_left_behind()
    assert places_of(SECRET, media_folder) == []
    assert Message.objects.get(external_id=below["id"]).text == "@acme thanks"
    assert not Redaction.objects.unfinished().exists()


def test_a_replay_of_what_was_cut_makes_nothing(client, acme, answer):
    row(state="dead", body=encoded(own_event(acme, answer)), brand=acme)
    hear(client, delete_event(acme, answer["id"]))
    cut_due()
    replay_dead()
    apply_due()
    assert not Message.objects.exists()
    assert list(RawEvent.objects.order_by("id").values_list("state", flat=True)) == ["ignored"] * 2


def test_what_else_a_body_told_stays_in_it_and_can_be_replayed(client, acme, carla):
    gone, stays = dm(carla, acme, SECRET), dm(carla, acme, "Where is my parcel?")
    told = row(
        state="dead", body=encoded(told_dms("dm.received", acme, gone, stays, people=[carla]))
    )
    redact([gone["id"]])
    cut_due()
    replay_dead()
    apply_due()
    told.refresh_from_db()
    assert (told.state, told.emptied_at) == ("applied", None)
    assert [message.text for message in Message.objects.all()] == ["Where is my parcel?"]
    assert places_of(SECRET) == []


def test_a_row_that_only_names_it_stays_as_it_was(client, acme, carla, answer):
    below = reply_event(acme, post(carla, "@acme thanks", names=[acme], answers=answer))
    told = row(body=encoded(below))
    hear(client, delete_event(acme, answer["id"]))
    cut_due()
    told.refresh_from_db()
    assert (bytes(told.body), told.state) == (encoded(below), "applied")


def test_what_x_tells_again_after_the_walk_is_cut_as_well(client, acme, answer):
    hear(client, own_event(acme, answer), delete_event(acme, answer["id"]))
    cut_due()
    hear(client, own_event(acme, answer | {"lang": "en"}))
    assert places_of(SECRET) == ["twitter_sync_rawevent.body"]
    cut_due()
    assert places_of(SECRET) == []


def test_a_newer_form_that_comes_after_the_deletion_is_not_kept(client, acme, answer):
    x_id = next_x_id()
    newer = answer | {"id": x_id, "edit_history_tweet_ids": [answer["id"], x_id]}
    hear(client, delete_event(acme, answer["id"]), own_event(acme, newer))
    cut_due()
    assert places_of(SECRET) == []
    assert KnownPost.objects.get(pk=x_id).is_deleted
    assert not Message.objects.exists()


def test_a_repost_repeats_the_words_and_goes_as_well(client, acme, carla, answer):
    again = post(acme, f"RT @acme: {SECRET}", referenced_tweets=[])
    again["referenced_tweets"] = [{"type": "retweeted", "id": answer["id"]}]
    hear(client, own_event(acme, again), own_event(acme, answer), delete_event(acme, answer["id"]))
    cut_due()
    assert places_of(SECRET) == []


def test_a_walk_goes_on_where_it_stopped_and_takes_others_along(acme, carla, monkeypatch):
    monkeypatch.setattr(cutting, "ROWS_AT_ONCE", 3)
    said = [post(carla, SECRET) for _ in range(8)]
    for one in said:
        row(state="applied", body=encoded({"data": one}))
    redact([said[0]["id"], said[7]["id"]])
    assert cut_some()
    assert (bodies()[0], Redaction.objects.unfinished().count()) == (b"", 2)
    redact([said[1]["id"]])
    cut_due()
    emptied = [not body for body in bodies()]
    assert emptied == [True, True, False, False, False, False, False, True]
    assert not Redaction.objects.unfinished().exists()


def test_what_was_asked_for_again_meanwhile_is_not_finished(acme, carla, monkeypatch):
    gone = post(carla, SECRET)
    redact([gone["id"]])
    look = cutting.look

    def look_and_ask(*asked: Any) -> Any:
        found = look(*asked)
        monkeypatch.setattr(cutting, "look", look)
        row(state="applied", body=encoded({"data": gone}))
        redact([gone["id"]])
        return found

    monkeypatch.setattr(cutting, "look", look_and_ask)
    assert cut_some()
    assert Redaction.objects.unfinished().count() == 1
    cut_due()
    assert bodies() == [b""]


def test_it_begins_where_the_thing_was_written(acme, carla):
    """A post of yesterday is in no body of the day before."""
    old = row(body=encoded({"data": post(carla, SECRET, id="1")}))
    RawEvent.objects.update(received_at=timezone.now() - timedelta(days=2))
    gone = post(carla, "x")
    redact([gone["id"]])
    with CaptureQueriesContext(connection) as asked:
        cut_due()
    old.refresh_from_db()
    assert (bytes(old.body) != b"", len(asked) < 10) == (True, True)


@pytest.mark.parametrize(
    "told",
    [
        b"not json 17",
        b"[17]",
        b'{"data": {"id": "17", "text": "x"}}',
        b'{"data": [{"id": "17", "text": "x"}]}',
        b'{"data": {"payload": {"id": "17", "text": "x"}}}',
        b'{"tweet_create_events": [{"id": 17, "id_str": "17", "text": "x"}]}',
        b'{"direct_message_events": [{"id": "17", "message_create": {}}]}',
        b'{"data": {"payload": {"id": "17", "encoded_event": "x"}}}',
        b'{"17":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_nothing_is_left_of_a_body_that_tells_nothing_else(told):
    assert without(told, {"17"}) == b""


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (
            {"data": [{"id": "17", "text": "x"}, {"id": "18", "text": "y"}]},
            {"data": [{"id": "18", "text": "y"}]},
        ),
        (
            {"data": {"id": "18", "text": "y", "quoted_status": {"id_str": "17", "text": "x"}}},
            {"data": {"id": "18", "text": "y"}},
        ),
        (
            {
                "data": {"id": "18", "text": "y"},
                "includes": {"tweets": [{"id": "17", "text": "x"}]},
            },
            {"data": {"id": "18", "text": "y"}},
        ),
    ],
)
def test_what_else_it_tells_is_left(told, left):
    cut = json.loads(without(encoded(told), {"17"}))
    cut.pop("includes", None)
    assert cut == left


@pytest.mark.parametrize(
    ("told", "forms"),
    [
        ({"data": {"id": "17", "edit_history_tweet_ids": ["15", "17"]}}, {"15", "17"}),
        ({"data": {"id": "18", "edit_history_post_ids": ["17"]}}, {"17", "18"}),
        (
            {"tweet_create_events": [{"id": 17, "edit_history": {"edit_tweet_ids": [15, 17]}}]},
            {"15", "17"},
        ),
        ({"data": {"id": "19", "edit_history_tweet_ids": ["18", "19"]}}, set()),
        ({"data": {"id": "18", "referenced_tweets": [{"id": "17"}]}}, {"17"}),
        ({"data": {"edit_history_tweet_ids": ["17", "no id", 1.5]}}, {"17"}),
    ],
)
def test_which_posts_are_one_is_read_in_either_vocabulary(told, forms):
    assert forms_told(encoded(told), {"17"}) == forms


def test_of_what_is_no_json_nothing_is_read():
    assert forms_told(b"17", {"17"}) == forms_told(b"[" * 5000, {"17"}) == set()
