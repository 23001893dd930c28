"""A public complaint is answered in public first, and no public words twice: their guards."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from inbox.models import ConversationEvent, Message
from inbox.sequence import sequence_at
from inbox.views.offers import closing_words
from tests.factories import make_contact, make_conversation, make_message, make_thread, minutes_ago
from tests.inbox.overruling import told_in


@pytest.fixture
def post(client, sign_in):
    """`post(ana, thread, "Hello")`, as the composer does."""

    def post(user, thread, text="Hello", **more):
        form = {"text": text, "client_key": uuid4(), **more}
        address = reverse("inbox:replies", args=[thread.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return post


@pytest.fixture
def complaint(public_thread):
    return make_message(public_thread, "@acme you are the worst")


@pytest.fixture
def whisper(complaint, dm_thread):
    """She complained in public, then wrote privately."""
    return make_message(dm_thread, "It is about my order")


def ours() -> list[str]:
    return [message.plain_text for message in Message.objects.filter(direction="out")]


# Public first


def test_nobody_is_answered_privately_who_waits_in_public(post, ana, whisper):
    stopped = post(ana, whisper.thread)
    assert stopped.status_code == 409
    assert "Answer there first, or invite them from there." in stopped.text
    assert ours() == []


@pytest.mark.parametrize(("state", "status"), [("sent", 200), ("queued", 200), ("failed", 409)])
def test_a_public_word_opens_the_way(post, ana, whisper, public_thread, state, status):
    known = {} if state == "sent" else {"external_id": None}
    make_message(public_thread, "Sorry!", ours=True, state=state, **known)
    assert post(ana, whisper.thread).status_code == status


def test_who_wrote_privately_first_is_answered_there(post, ana, dm_thread, public_thread):
    make_message(dm_thread, "Hello?")
    make_message(public_thread, "@acme hello?")
    assert post(ana, dm_thread).status_code == 200


def test_an_agent_writes_privately_with_a_reason_that_is_kept(post, ana, whisper):
    told = told_in(post(ana, whisper.thread))
    page = post(ana, whisper.thread, despite_public_first="She asked for it", **told)
    assert ours() == ["Hello"]
    event = ConversationEvent.objects.get(kind="overruled")
    assert event.after == {"guard": "public_first", "reason": "She asked for it"}
    assert "Ana Agent wrote privately before anybody answered in public" in page.text


def test_without_a_reason_it_stays_stopped(post, ana, whisper):
    told = told_in(post(ana, whisper.thread))
    assert post(ana, whisper.thread, despite_public_first=" ", **told).status_code == 409


def test_a_brand_may_do_without_it(post, acme, ana, whisper):
    acme.answers_public_first = False
    acme.save()
    assert post(ana, whisper.thread).status_code == 200


def test_to_another_company_the_thread_does_not_exist(post, zoe, whisper):
    assert post(zoe, whisper.thread, despite_public_first="Because").status_code == 404


# The same words


@pytest.fixture
def said(acme):
    """`said("We look into it")`: posted to somebody else; `minutes` ago."""

    def said(text: str, *, minutes: int = 5, **fields) -> Message:
        at = minutes_ago(minutes)
        fields = {"ours": True, "sent_at": at, "sequence": sequence_at(at), **fields}
        return make_message(make_thread(make_conversation(acme), "public"), text, **fields)

    return said


def test_words_that_were_just_posted_are_not_posted_again(post, ana, complaint, said):
    said("@other We look  into it &amp; more")
    stopped = post(ana, complaint.thread, "We look into it & more")
    assert stopped.status_code == 409
    assert "The same words were posted 5 min ago." in stopped.text
    assert post(ana, complaint.thread, "We look into it & much more").status_code == 200


@pytest.mark.parametrize(
    "before", [{"minutes": 25 * 60}, {"state": "cancelled", "external_id": None}]
)
def test_what_x_has_not_just_seen_may_be_said(post, ana, complaint, said, before):
    said("We look into it", **before)
    assert post(ana, complaint.thread, "We look into it").status_code == 200


def test_a_brand_does_not_speak_for_another(post, ana, globex, complaint):
    make_message(make_thread(make_conversation(globex), "public"), "We look into it", ours=True)
    assert post(ana, complaint.thread, "We look into it").status_code == 200


def test_the_words_suggested_to_close_with_are_of_one_person(post, ana, complaint, said):
    said(closing_words(make_contact("ivan")))
    mine = closing_words(complaint.thread.conversation.contact)
    assert post(ana, complaint.thread, mine).status_code == 200


def test_private_words_may_be_the_same(post, ana, dm_thread, question, said):
    said("We look into it")
    assert post(ana, dm_thread, "We look into it").status_code == 200


def test_whoever_knows_better_posts_them_anyway(post, ana, complaint, said):
    said("We look into it")
    told = told_in(post(ana, complaint.thread, "We look into it"))
    # However many minutes ago it was said by then.
    Message.objects.filter(text="We look into it").update(sent_at=minutes_ago(90))
    page = post(ana, complaint.thread, "We look into it", despite_same="yes", **told)
    assert page.status_code == 200
    assert "Ana Agent posted the same words again" in page.text
