"""Other words for a reply that waits to be sent: `inbox.actions.rewording`."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from inbox.actions.inviting import invitation_link, invite
from inbox.actions.replies import EmptyReply, ReplyTooLong, Said, reply
from inbox.actions.retrying import retry
from inbox.actions.rewording import MayBeOnX, reword
from inbox.actions.sending import doubt, take_next
from inbox.actions.taking_back import TooLate
from inbox.models import ConversationEvent, Message
from tests.factories import make_message, next_x_id
from tests.inbox.overruling import told_in
from tests.news import heard


@pytest.fixture
def waiting(question, ana) -> Message:
    """X's limit is used up until later."""
    message = reply(question.thread, Said("On its wya", uuid4()), by=ana)
    message.not_before = timezone.now() + timedelta(minutes=10)
    message.failure = "X's limit is used up for now."
    message.save()
    return message


def post(client, sign_in, user, message: Message, text: str, **more: str):
    address = reverse("inbox:message-rewording", args=[message.pk])
    return sign_in(client, user).post(address, {"text": text, **more})


@pytest.fixture
def promised(ana, public_thread) -> Message:
    """A public reply that waits."""
    make_message(public_thread, "Nobody answers here")
    return reply(public_thread, Said("We do!", uuid4()), by=ana)


def test_it_keeps_its_place_and_its_time(waiting, ben):
    due = waiting.not_before
    reword(waiting, by=ben, text="On its way & soon")
    waiting.refresh_from_db()
    assert (waiting.plain_text, waiting.state) == ("On its way & soon", "queued")
    assert waiting.not_before == due
    assert waiting.conversation.preview == "On its way & soon"


def test_it_is_recorded(waiting, ben):
    reword(waiting, by=ben, text="On its way")
    event = ConversationEvent.objects.get(kind="reworded")
    assert (event.actor, event.message) == (ben, waiting)


def test_the_same_words_change_nothing(waiting, ana):
    reword(waiting, by=ana, text="On its wya")
    assert not ConversationEvent.objects.filter(kind="reworded").exists()


@pytest.mark.django_db(transaction=True)
def test_it_is_announced_for_the_brand(waiting, ana, acme):
    with heard() as news:
        reword(waiting, by=ana, text="On its way")
        assert [(one["brand"], one["what"]) for one in news()] == [(acme.pk, "send")]


def test_new_words_have_their_own_time_for_second_thoughts(acme, ana, public_thread):
    make_message(public_thread, "Nobody answers here")
    acme.public_undo_seconds = 600
    acme.save()
    message = reply(public_thread, Said("We do!", uuid4()), by=ana)
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now())
    reword(message, by=ana, text="We do.")
    assert 500 < message.seconds_to_undo <= 600
    assert take_next(message.conversation_id) is None


def test_it_is_checked_like_a_reply(waiting, ana):
    with pytest.raises(EmptyReply):
        reword(waiting, by=ana, text="  ")
    with pytest.raises(ReplyTooLong):
        reword(waiting, by=ana, text="a" * 10_001)


def test_the_guards_look_at_the_new_words_too(client, sign_in, ana, promised):
    answer = post(client, sign_in, ana, promised, "Is bob@example.com right?")
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == f"#rewording-{promised.pk}-stopped"
    assert "Everyone would read" in answer.text
    assert "<mark>bob@example.com</mark>" in answer.text
    assert "A manager can send it with a reason." in answer.text
    promised.refresh_from_db()
    assert promised.plain_text == "We do!"


def test_who_may_saves_them_anyway_with_a_reason_that_is_kept(client, sign_in, sam, promised):
    words = "Is help@acme.com right?"
    stopped = post(client, sign_in, sam, promised, words)
    assert "Save anyway" in stopped.text
    why = {"despite_leak": "It is our own.", **told_in(stopped)}
    assert post(client, sign_in, sam, promised, words, **why).status_code == 200
    promised.refresh_from_db()
    assert promised.plain_text == words
    event = ConversationEvent.objects.get(kind="overruled")
    assert (event.actor, event.message) == (sam, promised)
    assert event.after["reason"] == "It is our own."


def test_what_was_overruled_for_the_old_words_is_asked_again(client, sign_in, sam, promised):
    words = "Is help@acme.com right?"
    why = {
        "despite_leak": "It is our own.",
        **told_in(post(client, sign_in, sam, promised, words)),
    }
    post(client, sign_in, sam, promised, words, **why)
    again = post(client, sign_in, sam, promised, f"{words} Or is it bob@example.com?", **why)
    assert again.status_code == 422
    assert "It says something else now. Everyone would read" in again.text
    promised.refresh_from_db()
    assert promised.plain_text == words


# An invitation


@pytest.fixture
def invitation(ana, public_thread) -> Message:
    make_message(public_thread, "Nobody answers here")
    return invite(public_thread, Said("Write to us", uuid4()), by=ana)


def link_in(message: Message) -> str:
    return invitation_link(message.conversation)


def test_an_invitation_whose_link_was_taken_out_gets_it_back(invitation, ana, show):
    assert "The link to write privately stays" in show(ana).text
    reword(invitation, by=ana, text="Please write to us")
    invitation.refresh_from_db()
    assert invitation.plain_text == f"Please write to us\n{link_in(invitation)}"


def test_an_invitations_link_stays_where_it_is_put(invitation, ana):
    words = f"Here: {link_in(invitation)} Please write to us"
    reword(invitation, by=ana, text=words)
    invitation.refresh_from_db()
    assert invitation.plain_text == words


def test_an_invitation_is_not_a_link_alone(invitation, ana):
    for words in ("", link_in(invitation)):
        with pytest.raises(EmptyReply):
            reword(invitation, by=ana, text=words)


def test_an_invitation_is_weighed_with_its_link(invitation, ana):
    with pytest.raises(ReplyTooLong):
        reword(invitation, by=ana, text="a" * 270)


# Others


def test_it_is_not_taken_for_a_repetition_of_itself(ana, public_thread):
    make_message(public_thread, "Nobody answers here")
    message = reply(public_thread, Said("We  do!", uuid4()), by=ana)
    reword(message, by=ana, text="We do!")
    message.refresh_from_db()
    assert message.plain_text == "We do!"


def test_what_is_on_its_way_keeps_its_words(waiting, ana):
    Message.objects.update(not_before=timezone.now())
    take_next(waiting.conversation_id)
    with pytest.raises(TooLate):
        reword(waiting, by=ana, text="Too late")
    waiting.refresh_from_db()
    assert waiting.plain_text == "On its wya"


def test_what_x_may_have_already_keeps_its_words(waiting, ana):
    """Its echo is known by them."""
    Message.objects.update(not_before=timezone.now())
    take_next(waiting.conversation_id)
    doubt(waiting.pk, reason="No answer")
    Message.objects.update(uncertain_since=timezone.now() - timedelta(hours=1))
    retry(waiting, by=ana)
    with pytest.raises(MayBeOnX):
        reword(waiting, by=ana, text="Other words")


def test_somebody_of_another_brand_can_do_nothing(waiting, zoe, olga):
    for person in (zoe, olga):
        with pytest.raises(PermissionDenied):
            reword(waiting, by=person, text="Mine")


def test_the_page_offers_it_and_shows_the_new_words(client, sign_in, waiting, ana, show):
    assert f'id="rewording-{waiting.pk}"' in show(ana).text
    answer = post(client, sign_in, ana, waiting, "On its way")
    assert answer.status_code == 200
    assert "On its way" in answer.text
    assert "On its wya" not in answer.text


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("sending", "It is on its way to X already."),
        ("uncertain", "X may have it already, and has not said so yet."),
        ("sent", "X has it already."),
        ("failed", "It failed meanwhile: nothing of it was sent."),
        ("cancelled", "It was taken back meanwhile: nothing of it was sent."),
    ],
)
def test_who_comes_too_late_is_told_why_and_has_their_words_as_a_draft(
    client, sign_in, waiting, ana, state, told
):
    external_id = next_x_id() if state == "sent" else None
    Message.objects.filter(pk=waiting.pk).update(state=state, external_id=external_id)
    answer = post(client, sign_in, ana, waiting, "5 < 6 & so on")
    assert answer.status_code == 409
    said = json.loads(answer["HX-Trigger"])
    assert said["toast"]["text"] == f"{told} What you typed is a draft."
    assert (said["takenback"]["path"], said["takenback"]["text"]) == ("dm", "5 < 6 & so on")
    # The thread shows other words: these are nowhere else.
    assert said["takenback"]["inThread"] is False


def test_what_a_customer_said_has_no_other_words(client, sign_in, question, ana):
    answer = post(client, sign_in, ana, question, "I am happy")
    assert answer.status_code == 409
    question.refresh_from_db()
    assert question.plain_text != "I am happy"


def test_words_that_can_not_be_sent_are_refused_with_the_reason(client, sign_in, waiting, ana):
    answer = post(client, sign_in, ana, waiting, "")
    assert answer.status_code == 422
    assert "Write something" in json.loads(answer["HX-Trigger"])["toast"]["text"]
