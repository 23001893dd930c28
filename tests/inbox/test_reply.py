"""An agent answers: `inbox.actions.replies` and the fate of the message in `…sending`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from inbox.actions import sending
from inbox.actions.receiving import receive
from inbox.actions.replies import (
    EmptyReply,
    NothingToAnswer,
    OtherNumberOfPosts,
    ReplyTooLong,
    Said,
    reply,
)
from inbox.actions.retrying import NotRetryable, retry
from inbox.actions.taking_back import TooLate, cancel
from inbox.guards.news import SomethingNew
from inbox.models import Conversation, ConversationEvent, Message
from inbox.sequence import moment_of
from tests.factories import make_message, next_x_id
from tests.locks import elsewhere, wait_until_waiting


def send(message: Message, external_id: str | None = None) -> Message:
    """What the sender does when X accepts."""
    with transaction.atomic():
        assert sending.take_next(message.conversation_id) == message
    external_id = external_id or next_x_id()
    return sending.confirm_sent(
        message.pk,
        external_id=external_id,
        sequence=int(external_id),
        sent_at=moment_of(int(external_id)),
    )


def test_it_queues_the_words_and_leaves_the_question_open(question, ana):
    message = reply(question.thread, Said("On its way & fine", uuid4()), by=ana)
    assert (message.state, message.author, message.kind) == ("queued", ana, "dm")
    assert message.text == "On its way &amp; fine"
    assert message.plain_text == "On its way & fine"
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unanswered_since) == ("open", question.sent_at)


def test_it_is_recorded_and_claims_what_nobody_had(question, ana):
    reply(question.thread, Said("Hello", uuid4()), by=ana)
    kinds = [event.kind for event in question.conversation.events.all()]
    assert kinds == ["assigned", "replied"]
    assert Conversation.objects.get().assignee == ana


def test_it_claims_nothing_where_the_brand_does_not_want_it(acme, question, ana):
    acme.claims_on_reply = False
    acme.save()
    reply(question.thread, Said("Hello", uuid4()), by=ana)
    assert Conversation.objects.get().assignee is None


def test_the_same_client_key_is_one_message(question, ana):
    key = uuid4()
    first = reply(question.thread, Said("Hello", key), by=ana)
    assert reply(question.thread, Said("Hello", key), by=ana) == first
    assert Message.objects.filter(direction="out").count() == 1


def test_when_x_accepts_the_customer_owes_the_next_word(question, ana):
    send(reply(question.thread, Said("Hello", uuid4()), by=ana))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unanswered_since) == ("waiting", None)


def test_an_empty_reply_is_refused(question, ana):
    with pytest.raises(EmptyReply):
        reply(question.thread, Said(" \n ", uuid4()), by=ana)


def test_a_public_reply_is_weighed_as_x_does(public_thread, ana):
    make_message(public_thread, "@acme help")
    with pytest.raises(OtherNumberOfPosts, match="2 posts"):
        reply(public_thread, Said("字" * 141, uuid4()), by=ana)
    assert reply(public_thread, Said("字" * 140, uuid4()), by=ana).text == "字" * 140


def test_a_private_one_is_counted_in_letters(question, ana):
    with pytest.raises(ReplyTooLong) as refused:
        reply(question.thread, Said("字" * 10_001, uuid4()), by=ana)
    assert (refused.value.weight, refused.value.limit) == (10_001, 10_000)
    assert reply(question.thread, Said("字" * 10_000, uuid4()), by=ana).pk


def test_names_at_the_head_and_the_length_of_links_cost_nothing(public_thread, ana):
    make_message(public_thread, "@acme help")
    text = "@carla @ben https://acme.example.com/" + "help/" * 60 + " " + "a" * 256
    assert reply(public_thread, Said(text, uuid4()), by=ana).state == "queued"


def test_what_nobody_sees_and_x_refuses_is_left_out(question, ana):
    message = reply(question.thread, Said("\ufeffOne\r\ntwo\uffff \n", uuid4()), by=ana)
    assert message.text == "One\ntwo"


def test_a_public_reply_answers_the_newest_post_of_the_customer(public_thread, ana):
    make_message(public_thread, "first")
    newest = make_message(public_thread, "second")
    message = reply(public_thread, Said("Hello", uuid4()), by=ana)
    assert message.answers_external_id == newest.external_id


def test_a_public_reply_answers_the_chosen_post(public_thread, ana):
    chosen = make_message(public_thread, "first")
    make_message(public_thread, "second")
    message = reply(public_thread, Said("Hello", uuid4(), answering=chosen.external_id), by=ana)
    assert message.answers_external_id == chosen.external_id


def test_a_post_of_another_thread_cannot_be_answered(public_thread, question, ana):
    make_message(public_thread, "@acme help")
    with pytest.raises(NothingToAnswer):
        reply(public_thread, Said("Hi", uuid4(), answering=question.external_id), by=ana)


def test_a_reply_that_missed_something_is_stopped_with_what_came(question, ana):
    newer = make_message(question.thread, "Forget it, found it!")
    with pytest.raises(SomethingNew) as stopped:
        reply(question.thread, Said("Hi", uuid4(), seen_through=question.pk), by=ana)
    assert stopped.value.messages == [newer]
    reply(question.thread, Said("Hi", uuid4(), seen_through=newer.pk), by=ana)


def test_ones_own_messages_stop_nothing(question, ana):
    reply(question.thread, Said("One", uuid4(), seen_through=question.pk), by=ana)
    reply(question.thread, Said("Two", uuid4(), seen_through=question.pk), by=ana)
    assert Message.objects.filter(direction="out").count() == 2


def test_somebody_of_another_brand_can_do_nothing(question, zoe):
    with pytest.raises(PermissionDenied):
        reply(question.thread, Said("Hello", uuid4()), by=zoe)


@transaction.atomic
def take(conversation_id: int) -> Message | None:
    return sending.take_next(conversation_id)


def test_one_is_in_flight_and_the_others_wait_in_order(question, ana):
    first = reply(question.thread, Said("One", uuid4()), by=ana)
    second = reply(question.thread, Said("Two", uuid4()), by=ana)
    assert take(question.conversation_id) == first
    assert take(question.conversation_id) is None
    sending.doubt(first.pk, reason="X did not answer.")
    assert take(question.conversation_id) is None
    sending.confirm_sent(first.pk, external_id="77", sequence=77, sent_at=timezone.now())
    assert take(question.conversation_id) == second


def test_a_refusal_shows_its_reason_and_can_be_retried(question, ana):
    message = reply(question.thread, Said("Hello", uuid4()), by=ana)
    take(question.conversation_id)
    failed = sending.fail(message.pk, reason="You do not have permission to DM this person.")
    assert (failed.state, failed.failure[:6]) == ("failed", "You do")
    assert Conversation.objects.get().unanswered_since == question.sent_at
    assert retry(failed, by=ana).state == "queued"
    assert retry(failed, by=ana).state == "queued"
    assert failed.conversation.events.filter(kind="retried").count() == 1


def test_an_unconfirmed_message_is_not_resent_before_it_was_looked_for(question, ana):
    message = reply(question.thread, Said("Hello", uuid4()), by=ana)
    take(question.conversation_id)
    sending.doubt(message.pk, reason="X did not answer.")
    with pytest.raises(NotRetryable):
        retry(message, by=ana)
    Message.objects.update(uncertain_since=timezone.now() - timedelta(minutes=5))
    assert retry(message, by=ana).state == "queued"


def test_a_queued_message_can_be_cancelled_and_a_sent_one_not(question, ana):
    message = reply(question.thread, Said("Hello", uuid4()), by=ana)
    assert cancel(message, by=ana) == "queued"
    assert message.state == "cancelled"
    assert cancel(message, by=ana) is None
    assert take(question.conversation_id) is None
    sent = send(reply(question.thread, Said("Hello again", uuid4()), by=ana))
    with pytest.raises(TooLate):
        cancel(sent, by=ana)


def test_the_echo_after_the_answer_is_the_same_message(acme, question, ana, says):
    sent = send(reply(question.thread, Said("Hello", uuid4()), by=ana), next_x_id())
    echo = receive(acme, says("Hello", ours=True, external_id=sent.external_id))
    assert echo.pk == sent.pk
    assert Message.objects.filter(direction="out").count() == 1


def test_the_echo_before_the_answer_settles_the_same_message(acme, question, ana, says):
    message = reply(question.thread, Said("A & B", uuid4()), by=ana)
    take(question.conversation_id)
    echo = receive(acme, says("A &amp; B", ours=True, external_id="500"))
    assert (echo.pk, echo.state) == (message.pk, "sent")
    sending.confirm_sent(message.pk, external_id="500", sequence=500, sent_at=timezone.now())
    assert Message.objects.filter(direction="out").count() == 1
    assert Conversation.objects.get().events.filter(kind="sent").count() == 1


def test_the_echo_settles_an_unconfirmed_message(acme, question, ana, says):
    message = reply(question.thread, Said("Hello", uuid4()), by=ana)
    take(question.conversation_id)
    sending.doubt(message.pk, reason="X did not answer.")
    receive(acme, says("Hello", ours=True))
    message.refresh_from_db()
    assert message.state == "sent"
    assert Conversation.objects.get().status == "waiting"


def test_an_echo_with_other_words_is_joined_when_the_answer_names_it(acme, question, ana, says):
    message = reply(question.thread, Said("See example.com", uuid4()), by=ana)
    take(question.conversation_id)
    receive(acme, says("See https://t.co/0123456789", ours=True, external_id="501"))
    assert Message.objects.filter(direction="out").count() == 2
    sending.confirm_sent(message.pk, external_id="501", sequence=501, sent_at=timezone.now())
    only = Message.objects.get(direction="out")
    assert (only.pk, only.author, only.text) == (message.pk, ana, "See https://t.co/0123456789")


def test_the_same_words_written_in_x_meanwhile_stay_a_message_of_their_own(
    acme, question, ana, says
):
    message = reply(question.thread, Said("ok", uuid4()), by=ana)
    take(question.conversation_id)
    receive(acme, says("ok", ours=True, external_id="502"))
    sending.confirm_sent(message.pk, external_id="503", sequence=503, sent_at=timezone.now())
    receive(acme, says("ok", ours=True, external_id="503"))
    sent = Message.objects.filter(direction="out").order_by("external_id")
    assert [(one.external_id, one.was_sent_in_x) for one in sent] == [("502", True), ("503", False)]
    lines = ConversationEvent.objects.filter(kind="sent").values_list("message", flat=True)
    assert sorted(lines) == sorted(
        Message.objects.filter(direction="out").values_list("pk", flat=True)
    )


def test_an_unconfirmed_message_can_be_left_and_the_next_one_goes(question, ana):
    first = reply(question.thread, Said("One", uuid4()), by=ana)
    second = reply(question.thread, Said("Two", uuid4()), by=ana)
    take(question.conversation_id)
    sending.doubt(first.pk, reason="X did not answer.")
    with pytest.raises(TooLate):
        cancel(first, by=ana)
    Message.objects.filter(pk=first.pk).update(
        uncertain_since=timezone.now() - timedelta(minutes=5)
    )
    assert cancel(first, by=ana) == "uncertain"
    assert take(question.conversation_id) == second


def test_the_echo_of_what_was_left_still_settles_it(acme, question, ana, says):
    message = reply(question.thread, Said("One", uuid4()), by=ana)
    take(question.conversation_id)
    sending.doubt(message.pk, reason="X did not answer.")
    Message.objects.update(uncertain_since=timezone.now() - timedelta(minutes=5))
    cancel(message, by=ana)
    echo = receive(acme, says("One", ours=True))
    assert (echo.pk, echo.state) == (message.pk, "sent")


def unconfirmed_and_queued_again(question: Message, by: User) -> Message:
    message = reply(question.thread, Said("We are on it", uuid4()), by=by)
    take(question.conversation_id)
    sending.doubt(message.pk, reason="X did not answer.")
    Message.objects.filter(pk=message.pk).update(
        uncertain_since=timezone.now() - timedelta(minutes=5)
    )
    return retry(message, by=by)


def test_the_echo_of_what_waits_to_be_sent_again_settles_it(acme, question, ana, says):
    message = unconfirmed_and_queued_again(question, ana)
    echo = receive(acme, says("We are on it", ours=True))
    assert (echo.pk, echo.state) == (message.pk, "sent")
    assert take(question.conversation_id) is None


def test_the_echo_of_what_was_put_back_settles_it(acme, question, ana, says):
    """Sent again, X's quota was used up; then X tells of the first time."""
    message = unconfirmed_and_queued_again(question, ana)
    take(question.conversation_id)
    sending.put_back(message.pk, not_before=timezone.now(), reason="The limit is used up.")
    echo = receive(acme, says("We are on it", ours=True))
    assert (echo.pk, echo.state, echo.failure) == (message.pk, "sent", "")
    assert take(question.conversation_id) is None


def test_the_echo_of_what_x_refused_the_second_time_settles_it(acme, question, ana, says):
    message = unconfirmed_and_queued_again(question, ana)
    take(question.conversation_id)
    sending.fail(message.pk, reason="X has these words already.")
    echo = receive(acme, says("We are on it", ours=True))
    assert (echo.pk, echo.state, echo.failure) == (message.pk, "sent", "")


def test_the_same_words_written_in_x_are_not_those_that_were_never_handed_over(
    acme, question, ana, says
):
    waits = reply(question.thread, Said("We are on it", uuid4()), by=ana)
    echo = receive(acme, says("We are on it", ours=True))
    assert echo.pk != waits.pk
    assert take(question.conversation_id) == waits


def test_the_same_client_key_in_another_thread_is_the_same_message(question, public_thread, ana):
    key = uuid4()
    make_message(public_thread, "@acme help")
    first = reply(question.thread, Said("Hello", key), by=ana)
    assert reply(public_thread, Said("Hello", key), by=ana) == first


@pytest.mark.django_db(transaction=True)
def test_an_echo_while_the_sender_says_that_it_was_sent_is_that_message(acme, question, ana, says):
    """The echo looks for the message by X's id when the sender has given it that id and not
    committed yet."""
    message = reply(question.thread, Said("Hi <b>Carla</b>", uuid4()), by=ana)
    echo = says(message.text, ours=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            send(message, echo.external_id)
            arriving = pool.submit(elsewhere, receive, acme, echo)
            wait_until_waiting()
        assert arriving.result(10).pk == message.pk
    assert Message.objects.filter(direction="out").count() == 1
