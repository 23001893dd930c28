"""What agents do from the desk, over HTTP: claim, assign, status, note, reply, retry."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from inbox.models import Message, Note
from tests.factories import make_message, make_thread, minutes_ago

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def post(client, sign_in):
    """`post(ana, "inbox:notes", number, text=…)`, as the page's forms do."""

    def post(user, name: str, pk: int, **form):
        address = reverse(name, args=[pk])
        return sign_in(client, user).post(address, form, headers=FRAGMENT)

    return post


def toast(response) -> str:
    return json.loads(response["HX-Trigger"])["toast"]["text"]


# Assignment


def test_an_agent_claims(post, ana, conversation):
    page = post(ana, "inbox:assignment", conversation.pk)
    conversation.refresh_from_db()
    assert conversation.assignee == ana
    assert "Ana Agent" in page.text


def test_the_loser_of_a_race_is_told_who_has_it(post, ana, ben, conversation):
    post(ben, "inbox:assignment", conversation.pk)
    late = post(ana, "inbox:assignment", conversation.pk)
    assert late.status_code == 409
    assert toast(late) == "Ben Agent has this conversation now."
    assert '<span class="truncate" id="assignee">Ben Agent' in late.text


def test_a_manager_gives_it_to_an_agent(post, sam, ben, conversation):
    assert post(sam, "inbox:assignment", conversation.pk, assignee=ben.pk).status_code == 200
    conversation.refresh_from_db()
    assert conversation.assignee == ben


def test_a_manager_who_looked_at_an_old_page_is_told(post, sam, ana, ben, conversation):
    post(ana, "inbox:assignment", conversation.pk)
    late = post(sam, "inbox:assignment", conversation.pk, assignee=ben.pk, held_by="")
    assert late.status_code == 409
    assert "Ana Agent" in toast(late)


def test_an_agent_may_not_give_it_to_another(post, ana, ben, conversation):
    assert post(ana, "inbox:assignment", conversation.pk, assignee=ben.pk).status_code == 403


def test_a_person_of_another_company_does_not_exist(post, sam, zoe, conversation):
    assert post(sam, "inbox:assignment", conversation.pk, assignee=zoe.pk).status_code == 404


def test_an_agent_gives_it_back(client, sign_in, post, ana, conversation):
    post(ana, "inbox:assignment", conversation.pk)
    address = reverse("inbox:assignment", args=[conversation.pk])
    assert sign_in(client, ana).delete(address, headers=FRAGMENT).status_code == 200
    conversation.refresh_from_db()
    assert conversation.assignee is None


# Status


def test_it_is_resolved(post, ana, conversation):
    form = {"status": "resolved", "version": conversation.version}
    assert "Reopen" in post(ana, "inbox:status", conversation.pk, **form).text
    conversation.refresh_from_db()
    assert conversation.status == "resolved"


def test_it_is_snoozed_until_a_choice(post, ana, conversation):
    form = {"status": "snoozed", "snooze": "3h", "version": conversation.version}
    post(ana, "inbox:status", conversation.pk, **form)
    conversation.refresh_from_db()
    assert conversation.status == "snoozed"
    hours = (conversation.snoozed_until - minutes_ago(0)).total_seconds() / 3600
    assert hours == pytest.approx(3, abs=0.05)


def test_nothing_is_resolved_unread(post, ana, conversation):
    form = {"status": "resolved", "version": conversation.version + 1}
    late = post(ana, "inbox:status", conversation.pk, **form)
    assert late.status_code == 409
    assert "since you looked" in toast(late)
    conversation.refresh_from_db()
    assert conversation.status == "open"


@pytest.mark.parametrize("form", [{"status": "lost"}, {"status": "snoozed"}, {}])
def test_a_status_that_is_none_is_refused(post, ana, conversation, form):
    assert post(ana, "inbox:status", conversation.pk, **form).status_code == 422


# Notes


def test_a_note_is_added_once(post, ana, conversation):
    form = {"text": "Called her.", "client_key": uuid4()}
    post(ana, "inbox:notes", conversation.pk, **form)
    assert "Called her." in post(ana, "inbox:notes", conversation.pk, **form).text
    assert Note.objects.get().text == "Called her."
    assert not Message.objects.exists()


def test_an_empty_note_is_refused_with_words(post, ana, conversation):
    refused = post(ana, "inbox:notes", conversation.pk, text=" ", client_key=uuid4())
    assert refused.status_code == 422
    assert "Write something" in refused.text


# Replies


def test_a_reply_is_queued_and_shown(post, ana, dm_thread, question):
    page = post(ana, "inbox:replies", dm_thread.pk, text="On its way <3", client_key=uuid4())
    assert page.status_code == 200
    assert "On its way &lt;3" in page.text
    assert "Queued" in page.text
    queued = Message.objects.get(state="queued")
    assert (queued.text, queued.kind) == ("On its way &lt;3", "dm")


def test_a_public_reply_goes_under_the_chosen_post(post, ana, public_thread):
    first = make_message(public_thread, "Hello?")
    make_message(public_thread, "Hello??")
    form = {"text": "Hi", "client_key": uuid4(), "answering": first.external_id}
    post(ana, "inbox:replies", public_thread.pk, **form)
    assert Message.objects.get(state="queued").answers_external_id == first.external_id


def test_a_public_reply_follows_the_post_into_its_thread(post, ana, conversation, public_thread):
    make_message(public_thread, "Hello?")
    other = make_thread(conversation, "public")
    asked = make_message(other, "And another thing")
    form = {"text": "Yes?", "client_key": uuid4(), "answering": asked.external_id}
    post(ana, "inbox:replies", public_thread.pk, **form)
    assert Message.objects.get(state="queued").thread == other


def test_a_private_reply_never_follows_a_post(post, ana, dm_thread, public_thread, question):
    asked = make_message(public_thread, "In public")
    form = {"text": "Psst", "client_key": uuid4(), "answering": asked.external_id}
    post(ana, "inbox:replies", dm_thread.pk, **form)
    assert Message.objects.get(state="queued").thread == dm_thread


def test_the_same_key_twice_is_one_message(post, ana, dm_thread, question):
    form = {"text": "On its way", "client_key": uuid4()}
    post(ana, "inbox:replies", dm_thread.pk, **form)
    post(ana, "inbox:replies", dm_thread.pk, **form)
    assert Message.objects.filter(direction="out").count() == 1


def test_whoever_wrote_meanwhile_is_shown_before_anything_is_sent(post, ana, dm_thread, question):
    news = make_message(dm_thread, "Never mind, it came")
    form = {"text": "Sorry!", "client_key": uuid4(), "seen_through": question.pk}
    late = post(ana, "inbox:replies", dm_thread.pk, **form)
    assert late.status_code == 409
    assert "Never mind, it came" in late.text
    assert "The customer wrote since you began" in late.text
    assert not Message.objects.filter(direction="out").exists()
    form["seen_through"] = news.pk
    assert post(ana, "inbox:replies", dm_thread.pk, **form).status_code == 200


def test_whoever_was_shown_what_came_may_send_anyway(post, ana, dm_thread, question):
    news = make_message(dm_thread, "Never mind, it came")
    form = {"text": "Sorry!", "client_key": uuid4(), "seen_through": question.pk}
    late = post(ana, "inbox:replies", dm_thread.pk, **form)
    assert f'name="despite_news" value="{news.pk}"' in late.text
    page = post(ana, "inbox:replies", dm_thread.pk, despite_news=news.pk, **form)
    assert Message.objects.get(direction="out").plain_text == "Sorry!"
    assert "Ana Agent sent it knowing what had come meanwhile" in page.text


@pytest.mark.parametrize("shown", ["yes", "0", "-1", "9" * 4400])
def test_what_came_after_that_is_shown_first(post, ana, dm_thread, question, shown):
    seen = make_message(dm_thread, "Never mind, it came")
    make_message(dm_thread, "But it is broken")
    form = {"text": "Sorry!", "client_key": uuid4(), "seen_through": question.pk}
    for answer in (seen.pk, shown):
        late = post(ana, "inbox:replies", dm_thread.pk, despite_news=answer, **form)
        assert late.status_code in (409, 422)
    assert not Message.objects.filter(direction="out").exists()


def test_a_colleague_who_was_faster_is_named(post, ana, ben, dm_thread, question):
    make_message(dm_thread, "Here you are", ours=True, author=ben)
    form = {"text": "Here!", "client_key": uuid4(), "seen_through": question.pk}
    assert "Ben Agent answered" in post(ana, "inbox:replies", dm_thread.pk, **form).text


def test_a_post_that_is_too_long_says_by_how_much_and_a_way_out_that_exists(
    post, ana, public_thread
):
    make_message(public_thread, "Hello?")
    refused = post(ana, "inbox:replies", public_thread.pk, text="字" * 1401, client_key=uuid4())
    assert refused.status_code == 422
    assert "This is 2,802 of 280 characters. 10 posts can’t hold it: shorten it" in refused.text
    # There is no private thread to write to.
    assert "write it privately" not in refused.text


def test_an_empty_reply_is_refused_with_words(post, ana, dm_thread, question):
    refused = post(ana, "inbox:replies", dm_thread.pk, text="\n", client_key=uuid4())
    assert refused.status_code == 422
    assert "Write something before you send." in refused.text


def test_a_form_of_an_old_page_is_refused_with_words(post, ana, dm_thread, question):
    refused = post(ana, "inbox:replies", dm_thread.pk, text="Hi", client_key="")
    assert refused.status_code == 422
    assert "out of date" in refused.text


def test_a_failed_reply_is_sent_again(post, ana, dm_thread, question):
    failed = make_message(dm_thread, "Hi", ours=True, state="failed", external_id=None)
    assert "Queued" in post(ana, "inbox:message-retry", failed.pk).text


def test_what_was_sent_is_not_sent_again(post, ana, dm_thread, question):
    sent = make_message(dm_thread, "Hi", ours=True)
    refused = post(ana, "inbox:message-retry", sent.pk)
    assert refused.status_code == 409
    assert "not waiting for a retry" in toast(refused)


def test_a_queued_reply_is_taken_back(post, ana, dm_thread, question):
    queued = make_message(dm_thread, "Hi", ours=True, state="queued", external_id=None)
    assert "Cancelled" in post(ana, "inbox:message-cancel", queued.pk).text


def test_a_reply_from_a_signed_out_page_is_401(client, dm_thread, question):
    form = {"text": "Hi", "client_key": uuid4()}
    address = reverse("inbox:replies", args=[dm_thread.pk])
    assert client.post(address, form, headers=FRAGMENT).status_code == 401
