"""Spam, blocking and hiding from the desk, over HTTP, and what the desk shows of them."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from inbox.actions import blocking, hiding
from inbox.actions.receiving import receive
from inbox.actions.wishing import Done, Refused
from inbox.models import Conversation, DmBlock, Hiding
from tests.factories import make_message, make_thread, next_x_id
from twitter_sync.models import KnownPost

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def post(client, sign_in):
    """`post(ana, "inbox:spam", number, spam="yes")`, as the page's controls do."""

    def post(user, name: str, pk: int, **form):
        return sign_in(client, user).post(reverse(name, args=[pk]), form, headers=FRAGMENT)

    return post


@pytest.fixture
def shown(client, sign_in):
    """The conversation's fragment as somebody gets it."""

    def shown(user, conversation) -> str:
        address = reverse("inbox:conversation-detail", args=[conversation.number])
        return sign_in(client, user).get(address, headers=FRAGMENT).text

    return shown


@pytest.fixture
def answer(conversation, public_thread, acme):
    """Carla answers a post with which @acme began a conversation."""
    first = public_thread.x_conversation_id
    KnownPost.objects.create(post_id=first, author_id=acme.x_user_id, availability="seen")
    return make_message(public_thread, "Liars", answers_external_id=first)


def toast(response) -> str:
    return json.loads(response["HX-Trigger"])["toast"]["text"]


# Spam


def test_an_agent_marks_spam_and_takes_it_back(post, ana, question):
    conversation = question.conversation
    page = post(ana, "inbox:spam", conversation.pk, spam="yes", version=conversation.version)
    assert page.status_code == 200
    assert toast(page) == "It is in the Spam view now."
    assert 'id="not-spam"' in page.text
    assert 'id="resolve"' not in page.text
    page = post(ana, "inbox:spam", conversation.pk, spam="no")
    assert toast(page) == "It is back where it was."
    assert 'id="resolve"' in page.text
    assert not Conversation.objects.get().is_spam


def test_whoever_looked_at_an_old_page_is_told(post, ana, acme, question, says):
    seen = question.conversation.version
    receive(acme, says("I am a person after all"))
    late = post(ana, "inbox:spam", question.conversation.pk, spam="yes", version=seen)
    assert late.status_code == 409
    assert "I am a person after all" in late.text


def test_spam_has_a_view_of_its_own(client, sign_in, post, ana, question):
    post(ana, "inbox:spam", question.conversation.pk, spam="yes")
    rows = {
        view: sign_in(client, ana).get(f"/desk/?view={view}").text.count('id="row-link-')
        for view in ("needs-answer", "open", "unassigned", "spam")
    }
    assert rows == {"needs-answer": 0, "open": 0, "unassigned": 0, "spam": 1}


@pytest.mark.parametrize(
    ("name", "form"), [("spam", {}), ("spam", {"spam": "perhaps"}), ("block", {"blocked": ""})]
)
def test_a_form_that_says_nothing_is_refused(post, sam, question, name, form):
    refused = post(sam, f"inbox:{name}", question.conversation.pk, **form)
    assert refused.status_code == 422
    assert "out of date" in toast(refused)


# Blocking


def test_a_blocked_person_is_not_written_to_and_the_composer_says_so(
    post, shown, sam, ana, question
):
    page = post(sam, "inbox:block", question.conversation.pk, blocked="yes")
    assert "Blocking for DMs on X…" in page.text
    blocking.settle(DmBlock.objects.get().pk, Done(did=True))
    page = shown(sam, question.conversation)
    assert "Blocked — unblock to write." in page
    assert "path-dm-unblock" in page
    assert "path-dm-text" not in page
    page = shown(ana, question.conversation)
    assert "A manager can unblock." in page
    assert "path-dm-unblock" not in page


def test_the_server_refuses_what_was_typed_before_the_block(post, sam, ana, dm_thread, question):
    post(sam, "inbox:block", question.conversation.pk, blocked="yes")
    late = post(ana, "inbox:replies", dm_thread.pk, text="Hello", client_key=uuid4())
    assert late.status_code == 422
    assert "Unblock them to write; nothing was sent. What you typed is kept." in late.text


def test_unblocked_the_composer_is_back_when_x_has_done_it(post, shown, sam, question):
    post(sam, "inbox:block", question.conversation.pk, blocked="yes")
    pk = DmBlock.objects.get().pk
    blocking.settle(pk, Done(did=True))
    page = post(sam, "inbox:block", question.conversation.pk, blocked="no")
    assert "You can write as soon as X has done it." in page.text
    blocking.settle(pk, Done(did=False))
    assert "path-dm-text" in shown(sam, question.conversation)


@pytest.mark.parametrize("status", ["paused", "needs_reconnect"])
def test_a_block_of_a_handle_that_is_not_connected_says_what_it_waits_for(
    post, shown, sam, acme, question, status
):
    post(sam, "inbox:block", question.conversation.pk, blocked="yes")
    type(acme).objects.update(status=status)
    assert "It waits until @acme is connected" in shown(sam, question.conversation)


def test_an_agent_cannot_block(post, shown, ana, question):
    assert post(ana, "inbox:block", question.conversation.pk, blocked="yes").status_code == 403
    page = shown(ana, question.conversation)
    assert 'id="block"' not in page
    assert "A manager of @acme can block this person" in page


# Hiding


def test_an_agent_hides_an_answer_and_shows_it_again(post, shown, ana, answer):
    page = post(ana, "inbox:hiding", answer.pk, hidden="yes")
    assert "Hiding on X" in page.text
    hiding.settle(Hiding.objects.get().pk, Done(did=True))
    page = shown(ana, answer.conversation)
    assert "Hidden on X" in page
    assert "message-hidden" in page
    page = post(ana, "inbox:hiding", answer.pk, hidden="no")
    assert "Showing on X again" in page.text
    hiding.settle(Hiding.objects.get().pk, Done(did=False))
    assert "message-hidden" not in shown(ana, answer.conversation)


def test_what_x_did_not_hide_says_why(shown, post, ana, answer):
    post(ana, "inbox:hiding", answer.pk, hidden="yes")
    hiding.settle(Hiding.objects.get().pk, Refused(did=True, reason="Not yours."))
    page = shown(ana, answer.conversation)
    assert "X did not hide this: Not yours." in page
    assert f'id="hide-{answer.pk}"' in page


def test_below_a_post_of_somebody_else_the_tool_says_why_not(post, shown, ana, conversation):
    first = next_x_id()
    KnownPost.objects.create(post_id=first, author_id="777", availability="seen")
    message = make_message(
        make_thread(conversation, "public", first), "@acme look", answers_external_id=first
    )
    page = shown(ana, conversation)
    assert f'id="hide-{message.pk}"' not in page
    assert "@acme can hide only answers below its own posts." in page
    refused = post(ana, "inbox:hiding", message.pk, hidden="yes")
    assert refused.status_code == 422
    assert "below its own posts" in toast(refused)


def test_a_first_post_has_no_tool_to_hide_it(shown, ana, public_thread):
    make_message(public_thread, "@acme help", external_id=public_thread.x_conversation_id)
    assert "Hide on X" not in shown(ana, public_thread.conversation)
