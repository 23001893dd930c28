"""Whom a reply would not reach is said before it is typed: `inbox.reach` and its guard."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import doorbell
from inbox.models import Message
from tests.factories import make_message, minutes_ago, next_x_id
from tests.inbox.overruling import told_in
from twitter_sync.models import KnownPost, Reach, SendAttempt

REFUSED = "You do not have permission to DM one or more participants."
SHUT = "X takes no answer to this post"


@pytest.fixture
def post(client, sign_in):
    """`post(ana, thread, "Hello")`, as the composer does."""

    def post(user, thread, text="Hello", **more):
        form = {"text": text, "client_key": uuid4(), **more}
        address = reverse("inbox:replies", args=[thread.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return post


def known(message: Message, **fields) -> Message:
    """The post as X told of it: by the customer, naming nobody, unless `fields` say otherwise."""
    author = message.conversation.contact.x_user_id
    fields = {"author_id": author, "availability": "seen", **fields}
    KnownPost.objects.create(post_id=message.external_id, **fields)
    return message


def forbade(message: Message, *, at) -> None:
    told = {"outcome": "failed", "status": 403, "reason": REFUSED, "finished_at": at}
    SendAttempt.objects.create(message=message, lease_until=at, **told)


# In public


def test_a_post_that_does_not_engage_with_the_brand_is_named_before_it_is_answered(
    post, show, ana, public_thread
):
    aside = known(make_message(public_thread, "By the way"))
    page = show(ana)
    assert SHUT in page.text
    assert "neither names, quotes nor answers @acme" in page.text
    assert f"https://x.com/i/status/{aside.external_id}" in page.text
    stopped = post(ana, public_thread, answering=aside.external_id)
    assert stopped.status_code == 409
    assert "Answer another post, or write privately." in stopped.text
    assert not Message.objects.filter(direction="out").exists()


def test_the_newest_post_that_can_be_answered_is_chosen(show, ana, acme, public_thread):
    named = make_message(public_thread, "@acme help")
    known(named, entities={"mentions": [{"id": acme.x_user_id, "username": "acme"}]})
    aside = known(make_message(public_thread, "By the way"))
    page = show(ana)
    assert f'value="{named.external_id}" selected' in page.text
    assert f'value="{aside.external_id}">No answer taken: ' in page.text
    assert SHUT not in page.text


@pytest.mark.parametrize("way", ["name", "handle", "answer", "quote", "unknown"])
def test_who_engages_can_be_answered(post, ana, acme, public_thread, way):
    ours = KnownPost.objects.create(post_id=next_x_id(), author_id=acme.x_user_id)
    fields = {
        "name": {"entities": {"mentions": [{"id": acme.x_user_id, "username": "other"}]}},
        "handle": {"entities": {"mentions": [{"username": "Acme"}]}},
        "answer": {"parent_id": ours.pk, "answers_user_id": acme.x_user_id},
        "quote": {"quoted_id": ours.pk},
        "unknown": {"availability": "unseen"},
    }[way]
    asked = known(make_message(public_thread, "Help"), **fields)
    assert post(ana, public_thread, answering=asked.external_id).status_code == 200


def test_naming_somebody_else_engages_with_nobody(post, ana, globex, public_thread):
    ours = KnownPost.objects.create(post_id=next_x_id(), author_id=globex.x_user_id)
    mentions = {"mentions": [{"id": globex.x_user_id, "username": "globex"}]}
    asked = known(make_message(public_thread, "Help"), entities=mentions, quoted_id=ours.pk)
    assert post(ana, public_thread, answering=asked.external_id).status_code == 409


def test_a_brand_that_may_answer_anybody_does(post, acme, ana, public_thread):
    acme.answers_anyone = True
    acme.save()
    aside = known(make_message(public_thread, "By the way"))
    assert post(ana, public_thread, answering=aside.external_id).status_code == 200


def test_nobody_answers_a_protected_post(post, acme, ana, public_thread):
    acme.answers_anyone = True
    acme.save()
    hidden = known(make_message(public_thread, "@acme hush"), is_protected=True)
    stopped = post(ana, public_thread, answering=hidden.external_id)
    assert "its author’s posts are protected" in stopped.text


def test_an_agent_who_knows_better_posts_anyway_which_is_kept(post, ana, public_thread):
    aside = known(make_message(public_thread, "By the way"))
    told = told_in(post(ana, public_thread, answering=aside.external_id))
    page = post(ana, public_thread, answering=aside.external_id, despite_gate="yes", **told)
    assert page.status_code == 200
    assert "Ana Agent answered a post that X may take no answer to" in page.text


def test_who_knows_better_of_one_post_is_asked_of_another(post, ana, public_thread):
    aside, other = (known(make_message(public_thread, text)) for text in ("By the way", "And"))
    told = told_in(post(ana, public_thread, answering=aside.external_id))
    again = post(ana, public_thread, answering=other.external_id, despite_gate="yes", **told)
    assert again.status_code == 409


# In private


def test_a_thread_that_is_encrypted_is_answered_in_x(post, show, ana, dm_thread, question):
    make_message(dm_thread, "", transport="xchat")
    page = show(ana)
    assert "only X itself can open" in page.text
    assert f"https://x.com/messages/{dm_thread.x_conversation_id}" in page.text
    assert "Send privately" not in page.text
    assert post(ana, dm_thread).status_code == 409
    assert post(ana, dm_thread, despite_encrypted="yes").status_code == 409
    assert not Message.objects.filter(direction="out").exists()
    make_message(dm_thread, "Plain again")
    assert "Send privately" in show(ana).text


def test_what_x_forbade_is_said_until_they_write(post, show, ana, dm_thread, public_thread):
    make_message(public_thread, "@acme help")
    make_message(dm_thread, "Hi", sent_at=minutes_ago(20))
    ours = make_message(dm_thread, "Hello", ours=True, state="failed", external_id=None)
    forbade(ours, at=minutes_ago(10))
    page = show(ana)
    assert f"X refused the last private message: {REFUSED}" in page.text
    assert "Reply in public" in page.text
    assert "Send privately" in page.text
    make_message(dm_thread, "Back again", sent_at=timezone.now())
    assert "X refused the last" not in show(ana).text


def test_to_others_the_thread_does_not_exist(post, zoe, public_thread):
    aside = known(make_message(public_thread, "By the way"))
    answering = {"answering": aside.external_id, "despite_gate": "yes"}
    assert post(zoe, public_thread, **answering).status_code == 404


# What X says of the person


@pytest.fixture
def said(acme, carla):
    """`said(takes_dms=False)`: X's word of Carla to @acme, ten minutes ago unless `fields` say."""

    def said(**fields):
        fields = {"said_at": minutes_ago(10), "asked_at": minutes_ago(10), **fields}
        return Reach.objects.update_or_create(brand=acme, contact=carla, defaults=fields)[0]

    return said


def test_the_ground_to_write_privately_is_shown_with_its_age(show, said, ana, dm_thread):
    make_message(dm_thread, "Hi", sent_at=minutes_ago(2 * 24 * 60 + 5))
    said(takes_dms=True, said_at=minutes_ago(3 * 24 * 60 + 5))
    page = show(ana).text
    assert "They last wrote privately <time" in page
    assert ">2 days ago</time>" in page
    assert ">3 days ago</time> that @carla takes messages from you." in page


def test_nothing_is_claimed_that_x_did_not_say(show, ana, dm_thread, question):
    assert "takes messages from you" not in show(ana).text


def test_who_takes_no_messages_is_named_with_the_ways_that_work(
    show, said, ana, dm_thread, public_thread
):
    make_message(public_thread, "@acme help")
    make_message(dm_thread, "Hi", sent_at=minutes_ago(20))
    said(takes_dms=False)
    page = show(ana).text
    assert "X says that @carla takes no private messages from @acme." in page
    assert "Invite in public to write to you" in page
    assert "Open in X" in page
    make_message(dm_thread, "Here I am", sent_at=timezone.now())
    assert "takes no private messages" not in show(ana).text


@pytest.mark.parametrize(
    ("account", "words"),
    [("suspended", "X has suspended @carla"), ("gone", "X says that @carla is there no more")],
)
def test_who_is_not_there_is_reached_on_no_path(
    show, said, ana, dm_thread, public_thread, account, words
):
    make_message(public_thread, "@acme help", sent_at=minutes_ago(30))
    make_message(dm_thread, "Hi", sent_at=minutes_ago(20))
    said(account=account)
    page = show(ana).text
    assert page.count(words) == 2
    assert "Invite in public" not in page
    make_message(dm_thread, "Back", sent_at=timezone.now())
    assert show(ana).text.count(words) == 1


def test_what_x_said_to_another_handle_counts_for_that_one(show, globex, carla, ana, dm_thread):
    make_message(dm_thread, "Hi", sent_at=minutes_ago(20))
    Reach.objects.create(brand=globex, contact=carla, takes_dms=False, said_at=timezone.now())
    assert "takes no private messages" not in show(ana).text


def test_the_page_has_x_asked_when_its_word_is_old(
    show, said, ana, client, conversation, dm_thread, question, monkeypatch,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    rung = []
    monkeypatch.setattr(doorbell, "ring_now", lambda task, **ids: rung.append((task, ids)))
    assert 'id="ask-reach"' in show(ana).text
    address = reverse("inbox:reach", args=[conversation.pk])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address).status_code == 204
    ids = {"brand_id": conversation.brand_id, "contact_id": conversation.contact_id}
    assert rung == [("twitter_sync.ask_reach", {"queue": "default", "after": 0, **ids})]
    said(takes_dms=True)
    assert 'id="ask-reach"' not in show(ana).text
