"""A post that its author changed: another id of the same message, whatever comes first."""

from __future__ import annotations

from itertools import permutations
from uuid import uuid4

import pytest

from inbox.actions.replies import Said, reply
from inbox.actions.sending import confirm_sent
from inbox.models import Attachment, Conversation, Message, MessageRevision
from inbox.sequence import moment_of
from tests.factories import next_x_id
from tests.twitter_sync.bodies import (
    Body,
    delete_event,
    mention_event,
    own_event,
    post,
    push,
    reply_event,
)
from twitter_sync.actions.applying import apply_due
from twitter_sync.models import KnownPost

pytestmark = pytest.mark.django_db


def changed(former: Body, text: str) -> Body:
    """As X tells of it: a new id that lists the former ones, in the same conversation."""
    x_id = next_x_id()
    history = [*former["edit_history_tweet_ids"], x_id]
    return former | {"id": x_id, "text": text, "edit_history_tweet_ids": history}


@pytest.fixture
def forms(acme, carla) -> list[Body]:
    """Three forms of one complaint."""
    one = post(carla, "@acme helo", names=[acme])
    two = changed(one, "@acme hello")
    return [one, two, changed(two, "@acme hello, help!")]


def hear(client, acme, *told: Body) -> None:
    for one in told:
        push(client, mention_event(acme, one))
        apply_due()


@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_all_forms_are_one_message_whichever_comes_first(client, acme, forms, order):
    hear(client, acme, *(forms[number] for number in order), *forms)
    message = Message.objects.get()
    assert (message.text, message.external_id) == ("@acme hello, help!", forms[2]["id"])
    assert message.sequence == int(forms[0]["id"])
    assert message.sent_at == moment_of(message.sequence)
    former = [(one.external_id, one.text) for one in message.revisions.told()]
    assert former == [(form["id"], form["text"]) for form in forms[:2]]
    conversation = Conversation.objects.get()
    assert (conversation.message_count, conversation.preview) == (1, "@acme hello, help!")


def test_a_form_that_comes_again_is_no_news(client, acme, forms):
    hear(client, acme, *forms)
    version = Conversation.objects.get().version
    for form in forms:
        push(client, mention_event(acme, form | {"lang": "und"}))
    apply_due()
    assert Conversation.objects.get().version == version


def test_a_form_that_was_never_told_leaves_only_its_id(client, acme, forms):
    hear(client, acme, forms[2])
    message = Message.objects.get()
    assert message.sequence == int(forms[0]["id"])
    assert MessageRevision.objects.count() == 2
    assert not message.revisions.told().exists()


def test_a_change_opens_nothing_again_and_does_not_wait(client, acme, carla, forms):
    answer = post(acme, "@carla hi", names=[carla], answers=forms[0])
    hear(client, acme, forms[0])
    push(client, own_event(acme, answer))
    hear(client, acme, forms[1])
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unanswered_since) == ("waiting", None)


def test_an_answer_to_a_former_form_finds_its_place(client, acme, carla, forms):
    hear(client, acme, *forms)
    answer = post(acme, "@carla hi", names=[carla], answers=forms[0])
    answer.pop("in_reply_to_user_id")
    push(client, own_event(acme, answer))
    apply_due()
    assert Conversation.objects.get().message_count == 2


def test_a_change_that_leaves_the_name_out_is_still_the_message(client, acme, forms):
    without = changed(forms[0], "hello") | {"entities": {}}
    hear(client, acme, forms[0], without)
    assert Message.objects.get().text == "hello"


def test_a_change_that_adds_the_name_makes_the_post_a_message(client, acme, globex, carla):
    root = post(carla, "@globex hm", names=[globex])
    push(client, mention_event(globex, root))
    apply_due()
    named = changed(root, "@acme hm") | {
        "entities": {"mentions": [{"start": 0, "end": 5, "username": "acme", "id": acme.x_user_id}]}
    }
    hear(client, acme, named)
    assert Message.objects.get(brand=acme).text == "@acme hm"
    assert Message.objects.get(brand=globex).text == "@acme hm"


def test_our_own_change_is_no_second_answer(client, acme, globex, carla, forms):
    hear(client, acme, forms[0])
    answer = post(acme, "@carla wrng", names=[carla], answers=forms[0])
    better = changed(answer, "@carla right")
    for one in (better, answer):
        push(client, own_event(acme, one))
    apply_due()
    assert [one.text for one in Message.objects.in_order()] == ["@acme helo", "@carla right"]


def test_pictures_are_those_of_the_newest_form(client, acme, forms):
    hear(client, acme, forms[0])
    Attachment.objects.create(message=Message.objects.get(), kind="photo", media_key="3_1")
    hear(client, acme, forms[1])
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("number", [0, 2])
def test_a_deletion_by_any_id_takes_all_forms(client, acme, carla, number):
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "@carla secret", names=[carla], answers=question)
    two = changed(one, "@carla secret too")
    told = [one, two, changed(two, "@carla better")]
    hear(client, acme, question)
    for form in told:
        push(client, own_event(acme, form))
    push(client, delete_event(acme, told[number]["id"]))
    apply_due()
    message = Message.objects.in_order().last()
    assert (message.text, message.deleted_at is None) == ("", False)
    assert not message.revisions.exclude(text="").exists()
    seen = KnownPost.objects.filter(pk__in=[form["id"] for form in told])
    assert {(known.availability, known.text) for known in seen} == {("deleted", "")}


def test_a_deletion_before_any_form_wins_over_all_later_ones(client, acme, carla):
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "@carla secret", names=[carla], answers=question)
    push(client, delete_event(acme, one["id"]))
    push(client, own_event(acme, changed(one, "@carla secret too")))
    push(client, own_event(acme, one))
    apply_due()
    assert not Message.objects.exists()


def test_a_form_that_comes_after_its_deletion_brings_no_words_back(client, acme, carla):
    question = post(carla, "@acme help", names=[acme])
    one = post(acme, "@carla secret", names=[carla], answers=question)
    two = changed(one, "@carla public")
    for event in (
        mention_event(acme, question),
        own_event(acme, two),
        delete_event(acme, two["id"]),
        own_event(acme, one),
    ):
        push(client, event)
        apply_due()
    message = Message.objects.in_order().last()
    assert (Message.objects.count(), message.text) == (2, "")
    assert not MessageRevision.objects.exclude(text="").exists()


def test_an_agent_who_sees_the_former_form_answers_the_newest(client, acme, ana, forms):
    hear(client, acme, *forms)
    thread = Message.objects.get().thread
    sent = reply(thread, Said("Hi", uuid4(), answering=forms[0]["id"]), by=ana)
    assert sent.answers_external_id == forms[2]["id"]


def test_our_answer_changed_in_x_before_x_told_us_its_id_is_one_message(client, acme, ana, forms):
    """Its echo says other words and another id than the answer to our call."""
    hear(client, acme, forms[0])
    asked = Message.objects.get()
    sent = reply(asked.thread, Said("wrng", uuid4()), by=ana)
    Message.objects.filter(pk=sent.pk).update(state="sending", not_before=None)
    one = post(acme, "@carla wrng", answers=forms[0])
    two = changed(one, "@carla right")
    push(client, own_event(acme, two))
    apply_due()
    for _ in range(2):
        sequence = int(one["id"])
        confirm_sent(sent.pk, external_id=one["id"], sequence=sequence, sent_at=moment_of(sequence))
    answer = Message.objects.exclude(pk=asked.pk).get()
    assert (answer.author, answer.external_id, answer.text) == (ana, two["id"], "@carla right")
    assert answer.revisions.get().external_id == one["id"]


def test_a_reply_event_of_a_changed_answer_is_one_message(client, acme, carla):
    news = post(acme, "We have news.")
    one = post(carla, "Nce!", answers=news)
    push(client, own_event(acme, news))
    for told in (one, changed(one, "Nice!")):
        push(client, reply_event(acme, told))
    apply_due()
    assert Message.objects.get().text == "Nice!"
