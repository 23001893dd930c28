"""Which conversation a public post belongs to: `twitter_sync.actions.placing` (design §4.1)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from tests.factories import make_contact, next_x_id
from tests.twitter_sync.bodies import (
    delete_event,
    dm_received,
    event,
    mention_event,
    own_event,
    post,
    push,
    reply_event,
    user,
)
from tests.twitter_sync.working import apply_and_leave, states, until_someone_waits_for_a_lock
from twitter_sync.actions import applying, interpreting
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import claim
from twitter_sync.actions.remembering import give_up
from twitter_sync.models import KnownPost, RawEvent

pytestmark = pytest.mark.django_db


def texts(brand: BrandAccount, contact=None) -> list[str]:
    messages = Message.objects.filter(brand=brand)
    if contact is not None:
        messages = messages.filter(conversation__contact__x_user_id=contact.x_user_id)
    return [message.text for message in messages.in_order()]


@pytest.fixture
def dora(db):
    """Another customer."""
    return make_contact("dora")


# It is one if …


def test_it_names_the_brand(client, acme, carla):
    told = post(carla, "@acme second day without internet", names=[acme])
    push(client, mention_event(acme, told, users=[user(carla)]))
    apply_due()
    message = Message.objects.get()
    assert (message.kind, message.direction, message.external_id) == ("public", "in", told["id"])
    assert message.conversation.contact == carla
    assert message.thread.x_conversation_id == told["id"]
    assert message.entities["mentions"][0]["username"] == "acme"


def test_a_name_without_an_id_is_the_handle(client, acme, carla):
    told = post(carla, "@ACME hello")
    told["entities"] = {"mentions": [{"start": 0, "end": 5, "username": "ACME"}]}
    push(client, mention_event(acme, told))
    apply_due()
    assert texts(acme) == ["@ACME hello"]


def test_it_answers_the_brand(client, acme, carla):
    broadcast = post(acme, "We have news.")
    answer = post(carla, "Nice!", answers=broadcast)
    push(client, own_event(acme, broadcast))
    push(client, reply_event(acme, answer))
    apply_due()
    message = Message.objects.get()
    assert (message.text, message.answers_external_id) == ("Nice!", broadcast["id"])
    assert message.thread.x_conversation_id == broadcast["id"]
    assert states() == ["ignored", "applied"]


def test_it_is_the_brands_answer_to_someone(client, acme, carla):
    """@acme found a complaint by itself: that opens a conversation with its author."""
    complaint = post(carla, "No internet again")
    answer = post(acme, "@carla we look into it", names=[carla], answers=complaint)
    push(client, own_event(acme, answer))
    apply_due()
    message = Message.objects.get()
    assert (message.direction, message.conversation.contact.handle) == ("out", "carla")
    assert message.conversation.unanswered_since is None


def test_what_the_customer_said_before_joins_when_it_is_known(client, acme, carla):
    complaint = post(carla, "No internet again")
    answer = post(acme, "@carla we look into it", names=[carla], answers=complaint)
    push(client, own_event(acme, answer, users=[user(carla)], tweets=[complaint]))
    apply_due()
    assert texts(acme, carla) == ["No internet again", "@carla we look into it"]


def test_it_is_another_post_of_the_customer_in_the_same_thread(client, acme, carla):
    first = post(carla, "@acme help", names=[acme])
    second = post(carla, "and nobody answers", answers=first)
    push(client, mention_event(acme, first))
    push(client, mention_event(acme, second))
    apply_due()
    assert texts(acme) == ["@acme help", "and nobody answers"]
    assert Conversation.objects.count() == 1


def test_a_thread_of_two_customers_is_two_conversations(client, acme, carla, dora):
    first = post(carla, "@acme help", names=[acme])
    other = post(dora, "@acme me too", names=[acme], answers=first)
    to_dora = post(acme, "@dora which line?", names=[dora], answers=other)
    for body in (
        mention_event(acme, first),
        mention_event(acme, other),
        own_event(acme, to_dora),
    ):
        push(client, body)
    apply_due()
    assert texts(acme, carla) == ["@acme help"]
    assert texts(acme, dora) == ["@acme me too", "@dora which line?"]


def test_it_names_two_brands_and_is_a_message_of_each(client, acme, globex, carla):
    told = post(carla, "@acme or @globex?", names=[acme, globex])
    push(client, mention_event(acme, told))
    push(client, mention_event(globex, told))
    apply_due()
    assert (texts(acme), texts(globex)) == (["@acme or @globex?"], ["@acme or @globex?"])
    assert Conversation.objects.count() == 2


def test_the_brands_chain_of_answers_goes_to_whom_it_began_with(client, acme, carla):
    """Nearest ancestor that is not by the brand, over two posts of its own."""
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "1/2 Please try", answers=question)
    two = post(acme, "2/2 and then", answers=one)
    for body in (mention_event(acme, question), own_event(acme, one), own_event(acme, two)):
        push(client, body)
    apply_due()
    assert texts(acme, carla) == ["@acme help", "1/2 Please try", "2/2 and then"]


# … and it is not


def test_a_broadcast_and_what_the_brand_adds_to_it_are_context(client, acme):
    broadcast = post(acme, "1/2 We have news.")
    more = post(acme, "2/2 More of it.", answers=broadcast)
    push(client, own_event(acme, broadcast))
    push(client, own_event(acme, more))
    apply_due()
    assert (states(), Message.objects.count()) == (["ignored", "ignored"], 0)
    assert KnownPost.objects.seen().count() == 2


def test_what_others_say_to_others_is_context(client, acme, carla, dora):
    first = post(carla, "@acme help", names=[acme])
    aside = post(dora, "@carla same here", names=[carla], answers=first)
    push(client, mention_event(acme, first))
    push(client, mention_event(acme, aside))
    apply_due()
    assert texts(acme) == ["@acme help"]


def test_a_repost_creates_nothing(client, acme, carla):
    told = post(carla, "RT @acme: We have news.", names=[acme])
    told["referenced_tweets"] = [{"type": "retweeted", "id": "1900000000000000000"}]
    push(client, mention_event(acme, told))
    apply_due()
    assert (states(), Message.objects.count()) == (["ignored"], 0)


def test_a_post_that_names_nobody_of_ours_crosses_over_to_none(client, acme, globex, carla):
    """Told as @globex's, it names @acme alone (trust W4)."""
    push(client, mention_event(globex, post(carla, "@acme help", names=[acme])))
    apply_due()
    assert (states(), Message.objects.count()) == (["ignored"], 0)


def test_connected_handles_open_nothing_with_each_other(client, acme, globex):
    push(client, mention_event(acme, post(globex, "@acme well done", names=[acme])))
    push(client, own_event(globex, post(globex, "@acme again", names=[acme])))
    apply_due()
    assert Conversation.objects.count() == 0


def test_a_protected_author_is_seen_by_the_told_brand_alone(client, acme, globex, dora):
    """@globex talks with Dora in the same thread; what only @acme may read is not for it."""
    first = post(dora, "@globex help", names=[globex])
    push(client, mention_event(globex, first))
    apply_due()
    hidden = post(dora, "@acme in confidence", names=[acme], answers=first)
    push(client, mention_event(acme, hidden, users=[user(dora) | {"protected": True}]))
    apply_due()
    assert texts(globex) == ["@globex help"]
    assert texts(acme) == ["@globex help", "@acme in confidence"]
    assert KnownPost.objects.get(pk=hidden["id"]).text == ""


# Waiting for what is not known yet


def test_a_post_that_only_its_parent_explains_waits_for_it(client, acme, carla):
    """Our answer to our own answer: whom it is for stands two posts above."""
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "1/2 Please try", answers=question)
    two = post(acme, "2/2 and then", answers=one)
    push(client, own_event(acme, two))
    apply_due()
    row = RawEvent.objects.get()
    assert (row.state, row.waits_for) == ("waiting", one["id"])
    assert KnownPost.objects.get(pk=one["id"]).look_up_at is not None
    push(client, own_event(acme, one))
    apply_due()
    assert texts(acme, carla) == ["1/2 Please try", "2/2 and then"]
    assert states() == ["applied", "applied"]


def test_what_cannot_be_had_does_not_hold_it_up(client, acme, carla):
    """Placed by what is known: the first person that the answer names."""
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "1/2 Please try", answers=question)
    two = post(acme, "@carla 2/2 and then", names=[carla], answers=one)
    push(client, own_event(acme, two))
    apply_due()
    give_up([one["id"]])
    apply_due()
    assert texts(acme, carla) == ["@carla 2/2 and then"]


def test_without_a_name_nobody_was_answered(client, acme, carla):
    one = post(acme, "1/2 Please try", answers=post(carla, "@acme help", names=[acme]))
    push(client, own_event(acme, post(acme, "2/2 and then", answers=one)))
    apply_due()
    give_up([one["id"]])
    apply_due()
    assert (states(), Message.objects.count()) == (["ignored"], 0)


def test_an_answer_to_nobody_knows_whom_is_context(client, acme, carla):
    """X shows neither the post above nor whose it was: what begins with a name may be a broadcast.
    The customer's answer below makes it a conversation."""
    first = post(acme, "@carla please write to us", names=[carla], answers=post(carla, "gone"))
    first.pop("in_reply_to_user_id")
    push(client, own_event(acme, first))
    apply_due()
    give_up([first["referenced_tweets"][0]["id"]])
    push(client, reply_event(acme, post(carla, "I did", answers=first)))
    apply_due()
    assert texts(acme, carla) == ["I did"]


def test_a_reply_before_its_parent_is_there_at_once_and_in_order(client, acme, carla):
    """Trust I10: the parent comes later and takes its place above."""
    first = post(carla, "@acme help", names=[acme])
    second = post(carla, "@acme hello?", names=[acme], answers=first)
    push(client, mention_event(acme, second))
    apply_due()
    assert texts(acme) == ["@acme hello?"]
    assert KnownPost.objects.to_look_up().get().post_id == first["id"]
    push(client, mention_event(acme, first))
    apply_due()
    assert texts(acme) == ["@acme help", "@acme hello?"]
    assert not KnownPost.objects.to_look_up().exists()


# Gone


def test_a_deletion_leaves_a_tombstone(client, acme, carla):
    question = post(carla, "@acme help", names=[acme])
    answer = post(acme, "@carla wrong words", names=[carla], answers=question)
    push(client, mention_event(acme, question))
    push(client, own_event(acme, answer))
    push(client, delete_event(acme, answer["id"]))
    apply_due()
    message = Message.objects.get(external_id=answer["id"])
    assert (message.text, message.deleted_at is None) == ("", False)
    assert KnownPost.objects.get(pk=answer["id"]).text == ""


def test_a_deletion_before_its_post_wins_for_good(client, acme, carla):
    answer = post(acme, "@carla wrong words", names=[carla], answers=post(carla, "hm"))
    push(client, delete_event(acme, answer["id"]))
    push(client, own_event(acme, answer))
    apply_due()
    push(client, mention_event(acme, answer))
    apply_due()
    assert Message.objects.count() == 0
    assert KnownPost.objects.get(pk=answer["id"]).text == ""


@pytest.mark.django_db(transaction=True)
def test_a_deletion_while_its_post_is_being_placed_leaves_a_tombstone(acme, carla):
    """One worker has placed the post and not committed; another takes up the deletion."""
    client = Client()
    question = post(carla, "@acme help", names=[acme])
    answer = post(acme, "@carla wrong words", names=[carla], answers=question)
    push(client, mention_event(acme, question))
    apply_due()
    push(client, own_event(acme, answer))
    push(client, delete_event(acme, answer["id"]))
    brands = {acme.x_user_id: acme}
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            rows = applying.claim(1)
            applying.settle(rows, applying.understood(rows, brands))
            deleted = other.submit(apply_and_leave)
            until_someone_waits_for_a_lock()
        assert deleted.result() == 1
    message = Message.objects.get(external_id=answer["id"])
    assert (message.text, message.deleted_at is None) == ("", False)
    assert KnownPost.objects.get(pk=answer["id"]).text == ""


# The older product


def older(author, text: str, brand: BrandAccount, *, answers: str) -> dict[str, object]:
    """A reply in the form of the Account Activity API, which names no conversation."""
    mention = {"screen_name": brand.handle, "id_str": brand.x_user_id, "indices": [0, 5]}
    told = {
        "id_str": next_x_id(),
        "created_at": "Sat Nov 21 10:20:00 +0000 2026",
        "text": text,
        "in_reply_to_status_id_str": answers,
        "in_reply_to_user_id_str": author.x_user_id,
        "user": {"id_str": author.x_user_id, "screen_name": author.handle, "name": author.name},
        "entities": {"user_mentions": [mention]},
    }
    return {"for_user_id": brand.x_user_id, "tweet_create_events": [told]}


def test_an_older_payload_finds_its_conversation_by_its_parent(client, acme, carla):
    first = post(carla, "@acme help", names=[acme])
    push(client, mention_event(acme, first))
    push(client, older(carla, "@acme hello?", acme, answers=first["id"]))
    apply_due()
    assert texts(acme) == ["@acme help", "@acme hello?"]
    assert Message.objects.last().thread.x_conversation_id == first["id"]


def test_an_older_payload_waits_for_what_x_says_when_asked(client, acme, carla):
    parent_id = next_x_id()
    push(client, older(carla, "@acme hello?", acme, answers=parent_id))
    apply_due()
    row = RawEvent.objects.get()
    assert row.state == "waiting"
    claim()
    give_up([row.waits_for])
    apply_due()
    assert Message.objects.get().thread.x_conversation_id == parent_id


# Order and races


def test_public_and_private_meet_in_one_conversation(client, acme, carla):
    push(client, dm_received(acme, carla, "in private"))
    push(client, mention_event(acme, post(carla, "@acme in public", names=[acme])))
    apply_due()
    conversation = Conversation.objects.get()
    assert {thread.kind for thread in conversation.threads.all()} == {"dm", "public"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_place_a_thread_whole(acme, carla):
    """The root that names nobody and the reply that does, met by two workers at once: whichever
    is first, both are messages."""
    client = Client()
    barrier = Barrier(2)

    def work() -> None:
        try:
            barrier.wait()
            apply_due()
        finally:
            connection.close()

    for _ in range(10):
        root = post(carla, "no internet")
        reply = post(carla, "@acme hello?", names=[acme], answers=root)
        push(client, mention_event(acme, root))
        push(client, mention_event(acme, reply))
        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(work) for _ in range(2)]:
                done.result()
    assert Message.objects.count() == 20


def test_what_is_told_along_stands_in_the_same_order(client, acme, carla, monkeypatch):
    """Every worker meets the conversations of its row in one order, whoever shows what beside."""
    ids = ["1900000000000000001", "1900000000000000002", "1900000000000000003"]
    first, second, third = (
        post(carla, "@acme hello?", names=[acme], id=x_id, conversation_id=x_id) for x_id in ids
    )
    place, met = interpreting.place, []

    def place_and_note(one, *asked, **told):
        met.append(one.id)
        return place(one, *asked, **told)

    monkeypatch.setattr(interpreting, "place", place_and_note)
    push(client, mention_event(acme, second, tweets=[third, first]))
    apply_due()
    assert met == ids


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_arrival_changes_nothing(client, acme, globex, carla, dora, seed):
    question = post(carla, "@acme @globex help", names=[acme, globex])
    other = post(dora, "@acme me too", names=[acme], answers=question)
    one = post(acme, "@carla 1/2", names=[carla], answers=question)
    two = post(acme, "2/2", answers=one)
    thanks = post(carla, "thanks", answers=two)
    theirs = post(globex, "@carla hi", names=[carla], answers=question)
    bodies = [
        mention_event(acme, question),
        mention_event(globex, question),
        mention_event(acme, other),
        own_event(acme, one),
        own_event(acme, two),
        reply_event(acme, thanks),
        own_event(globex, theirs),
        event("post.repost.create", acme, question),
    ] * 2
    random.Random(seed).shuffle(bodies)
    for body in bodies:
        push(client, body)
        apply_due()
    assert texts(acme, carla) == ["@acme @globex help", "@carla 1/2", "2/2", "thanks"]
    assert texts(acme, dora) == ["@acme me too"]
    assert texts(globex, carla) == ["@acme @globex help", "thanks", "@carla hi"]
