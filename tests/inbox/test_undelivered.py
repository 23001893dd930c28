"""Replies that did not get to X: the list marks them, and the composer leads to them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from config.wording import sentence
from inbox.actions.blocking import block
from inbox.actions.replies import Said, reply
from inbox.actions.retrying import UNCERTAIN_FOR
from inbox.actions.sending import confirm_sent, doubt, fail, take_next
from inbox.actions.taking_back import cancel
from inbox.models import Message, OptOut
from tests.factories import make_message

KEEPS_LOOKING = "Handled keeps looking for it on X and sends nothing twice."


@pytest.fixture
def rows(client, sign_in, ana):
    """`rows()`: the list of all that is open, as Ana gets it."""

    def rows(view: str = "open") -> str:
        return sign_in(client, ana).get(reverse("inbox:list"), {"view": view}).text

    return rows


@pytest.fixture
def handed_over(ana, question):
    """`handed_over()`: a reply of Ana's that is on its way to X."""

    def handed_over() -> Message:
        message = reply(question.thread, Said("On its way", uuid4()), by=ana)
        take_next(message.conversation_id)
        return message

    return handed_over


def doubt_long_ago(message: Message) -> None:
    doubt(message.pk, reason="X answered: Internal Server Error")
    looked_for = timezone.now() - UNCERTAIN_FOR - timedelta(seconds=1)
    Message.objects.filter(pk=message.pk).update(uncertain_since=looked_for)


def test_the_row_says_that_x_did_not_confirm_a_reply(rows, handed_over):
    message = handed_over()
    assert "Unconfirmed" not in rows()
    doubt(message.pk, reason="No answer")
    assert "Unconfirmed" in rows()


def test_the_row_says_that_x_refused_a_reply_until_it_is_given_up(rows, ana, handed_over):
    message = handed_over()
    fail(message.pk, reason="X refused it.")
    assert "Not sent" in rows()
    cancel(message, by=ana)
    assert "Not sent" not in rows()


def test_what_holds_up_others_is_said_before_what_was_refused(rows, handed_over):
    fail(handed_over().pk, reason="X refused it.")
    doubt(handed_over().pk, reason="No answer")
    page = rows()
    assert "Unconfirmed" in page
    assert "Not sent" not in page


def test_it_is_marked_where_the_customer_waits_for_nothing(rows, question, handed_over):
    """Answered, so it needs no answer; what was said after that got nowhere."""
    now = timezone.now()
    first = handed_over()
    confirm_sent(first.pk, external_id="77", sequence=question.sequence + 1, sent_at=now)
    doubt(handed_over().pk, reason="No answer")
    assert "Unconfirmed" not in rows("needs-answer")
    assert "Unconfirmed" in rows("waiting")


def test_only_an_accepted_reply_answers(rows, handed_over):
    doubt_long_ago(handed_over())
    assert "Unconfirmed" in rows("needs-answer")


def test_the_composer_leads_to_the_first_that_is_to_be_decided(show, handed_over):
    refused = handed_over()
    fail(refused.pk, reason="X refused it.")
    doubt_long_ago(handed_over())
    page = show(refused.author).text
    assert "2 replies wait for your decision." in page
    assert f'data-composer-message-param="message-{refused.pk}"' in page


def encrypt(message: Message, by: User) -> None:
    make_message(message.thread, "", transport="xchat")


def opt_out(message: Message, by: User) -> None:
    OptOut.objects.create(
        brand_id=message.brand_id,
        contact=message.conversation.contact,
        asked_at=timezone.now() + timedelta(seconds=1),
    )


def turn_away(message: Message, by: User) -> None:
    block(message.conversation, by=by)


@pytest.mark.parametrize("shut", [encrypt, opt_out, turn_away])
def test_what_x_refused_is_edited_only_where_there_is_a_form_to_do_so(
    show, ana, sam, handed_over, shut
):
    message = handed_over()
    fail(message.pk, reason="No.")
    assert "Edit and send again" in show(ana).text
    shut(message, sam)
    page = show(ana).text
    assert 'id="path-dm-form"' not in page
    assert "Edit and send again" not in page
    assert f'id="drop-{message.pk}"' in page


def test_what_is_still_looked_for_is_nobodys_to_decide(show, ana, handed_over):
    doubt(handed_over().pk, reason="No answer")
    page = show(ana).text
    assert "for your decision" not in page
    assert f"No answer. {KEEPS_LOOKING}" in page


def test_beside_the_choice_nothing_is_promised(show, ana, handed_over):
    doubt_long_ago(handed_over())
    page = show(ana).text
    assert "1 reply waits for your decision." in page
    assert "Internal Server Error. Looked for twice, in vain. Look on X, then choose." in page
    assert KEEPS_LOOKING not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("internal Server Error", "Internal Server Error."),
        ("Not now.", "Not now."),
        ("Why?", "Why?"),
        ("And so on… ", "And so on…"),
    ],
)
def test_words_of_others_are_ended(words, said):
    assert sentence(words) == said
