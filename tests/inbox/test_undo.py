"""Second thoughts: a reply waits as long as its handle says, and can be taken back meanwhile."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import doorbell
from accounts.models import BrandAccount
from inbox.actions.recording import locked
from inbox.actions.replies import HandleDisconnected, Said, reply
from inbox.actions.retrying import retry
from inbox.actions.sending import take_next
from inbox.actions.taking_back import cancel
from inbox.models import ConversationEvent, Message
from tests.factories import make_message, make_thread, next_x_id
from tests.locks import wait_until_waiting
from twitter_sync.actions.sending import due_conversations


@pytest.fixture
def post(public_thread) -> Message:
    return make_message(public_thread, "Nobody answers here")


@pytest.fixture
def rung(monkeypatch):
    rung = []
    monkeypatch.setattr(doorbell, "ring_now", lambda task, **ids: rung.append((task, ids)))
    return rung


def say(thread, by, text="We do!"):
    thread.refresh_from_db()
    return reply(thread, Said(text, uuid4()), by=by)


def let_time_pass(message: Message) -> None:
    now = timezone.now()
    Message.objects.filter(pk=message.pk).update(not_before=now - timedelta(milliseconds=1))


def seconds(brand: BrandAccount, **each: int) -> None:
    fields = {f"{name}_undo_seconds": value for name, value in each.items()}
    BrandAccount.objects.filter(pk=brand.pk).update(**fields)


def test_a_reply_waits_as_long_as_the_handle_says(
    acme, ana, post, public_thread, rung, django_capture_on_commit_callbacks
):
    seconds(acme, public=8)
    with django_capture_on_commit_callbacks(execute=True):
        message = say(public_thread, ana)
    assert 7 < message.seconds_to_undo <= 8
    assert take_next(message.conversation_id) is None
    assert due_conversations(timezone.now()) == []
    sends = [ids for task, ids in rung if task == "twitter_sync.send"]
    assert sends == [{"queue": "send", "after": 8, "conversation_id": message.conversation_id}]


def test_when_the_time_is_over_it_goes_even_if_the_ring_was_lost(acme, ana, post, public_thread):
    seconds(acme, public=8)
    message = say(public_thread, ana)
    let_time_pass(message)
    assert due_conversations(timezone.now()) == [message.conversation_id]
    assert take_next(message.conversation_id) == message


def test_each_kind_of_reply_has_its_own_wait(acme, ana, question, dm_thread, post, public_thread):
    seconds(acme, public=8, dm=0)
    assert say(dm_thread, ana).seconds_to_undo == 0
    seconds(acme, public=0, dm=5)
    assert say(public_thread, ana).seconds_to_undo == 0
    assert say(dm_thread, ana).seconds_to_undo > 4


def test_the_next_reply_keeps_its_place_behind_one_that_waits(
    acme, ana, question, dm_thread, post, public_thread
):
    seconds(acme, public=8, dm=0)
    first, second = say(public_thread, ana), say(dm_thread, ana)
    assert take_next(first.conversation_id) is None
    cancel(first, by=ana)
    assert take_next(first.conversation_id) == second


def test_while_it_waits_the_page_offers_undo(
    acme, ana, post, public_thread, client, sign_in, conversation
):
    seconds(acme, public=8)
    message = say(public_thread, ana)
    path = f"/conversations/{conversation.number}/"
    page = sign_in(client, ana).get(path).content.decode()
    assert f'id="undo-button-{message.pk}"' in page
    assert "Not sent yet" in page
    let_time_pass(message)
    page = client.get(path).content.decode()
    assert "undo-button" not in page
    assert "Queued" in page


def test_what_x_holds_up_offers_no_undo_but_to_take_it_back(
    acme, ana, post, public_thread, client, sign_in, conversation
):
    message = say(public_thread, ana)
    later = timezone.now() + timedelta(minutes=10)
    Message.objects.filter(pk=message.pk).update(not_before=later, failure="X's limit is used up.")
    page = sign_in(client, ana).get(f"/conversations/{conversation.number}/").content.decode()
    assert "undo-button" not in page
    assert "Take back" in page


def test_undoing_gives_the_words_back_to_the_composer(
    acme, ana, post, public_thread, client, sign_in
):
    seconds(acme, public=8)
    message = say(public_thread, ana, "5 < 6 & so on")
    answer = sign_in(client, ana).post(f"/messages/{message.pk}/cancellation/")
    assert json.loads(answer["HX-Trigger"])["takenback"] == {
        "conversation": message.conversation_id,
        "path": "public",
        "text": "5 < 6 & so on",
        "answering": post.external_id,
        "clientKey": str(message.client_key),
        "inThread": True,
        "target": "body",
    }
    message.refresh_from_db()
    assert message.state == "cancelled"
    assert ConversationEvent.objects.filter(kind="cancelled", actor=ana).count() == 1
    let_time_pass(message)
    assert take_next(message.conversation_id) is None


@pytest.mark.parametrize("kind", ["dm", "public"])
def test_words_stay_those_of_their_path_where_nobody_is_answered_now(
    acme, ana, conversation, client, sign_in, kind
):
    thread = make_thread(conversation, kind)
    make_message(thread, "Hello?")
    message = say(thread, ana)
    BrandAccount.objects.update(status="disconnected")
    answer = sign_in(client, ana).post(f"/messages/{message.pk}/cancellation/")
    assert json.loads(answer["HX-Trigger"])["takenback"]["path"] == kind


def test_undoing_twice_gives_them_back_once(acme, ana, post, public_thread, client, sign_in):
    seconds(acme, public=8)
    message = say(public_thread, ana)
    sign_in(client, ana).post(f"/messages/{message.pk}/cancellation/")
    again = client.post(f"/messages/{message.pk}/cancellation/")
    assert json.loads(again["HX-Trigger"]).keys() == {"toast"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_at_once_one_has_the_words_and_the_other_is_told(
    acme, ana, ben, post, public_thread, sign_in
):
    """Both pages were made before: each knows the message as waiting."""
    seconds(acme, public=60)
    message = say(public_thread, ana)
    browsers = [sign_in(Client(), user) for user in (ana, ben)]

    def work(browser: Client) -> set[str]:
        try:
            answer = browser.post(f"/messages/{message.pk}/cancellation/")
            return set(json.loads(answer["HX-Trigger"]))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            locked(message.conversation_id)
            done = [pool.submit(work, browser) for browser in browsers]
            wait_until_waiting(2)
        told = [one.result() for one in done]
    assert sorted(told, key=sorted) == [{"takenback"}, {"toast"}]
    assert ConversationEvent.objects.filter(kind="cancelled").count() == 1


@pytest.mark.parametrize(
    ("state", "told"),
    [("sending", "It is on its way to X already."), ("sent", "X has it already.")],
)
def test_who_undoes_too_late_is_told(acme, ana, post, public_thread, client, sign_in, state, told):
    seconds(acme, public=8)
    message = say(public_thread, ana)
    let_time_pass(message)
    take_next(message.conversation_id)
    external_id = next_x_id() if state == "sent" else None
    Message.objects.filter(pk=message.pk).update(state=state, external_id=external_id)
    answer = sign_in(client, ana).post(f"/messages/{message.pk}/cancellation/")
    assert answer.status_code == 409
    said = json.loads(answer["HX-Trigger"])
    assert said["toast"]["text"] == told
    assert "takenback" not in said


# Handles that do not send


@pytest.mark.parametrize(
    ("status", "told", "state"),
    [
        ("paused", "is paused", "Waits: the handle is paused"),
        ("needs_reconnect", "no longer accepts", "Waits for the handle to be reconnected"),
    ],
)
def test_a_handle_that_does_not_send_says_so_and_keeps_the_reply(
    acme, ana, question, dm_thread, client, sign_in, conversation, status, told, state
):
    BrandAccount.objects.update(status=status)
    path = f"/conversations/{conversation.number}/"
    browser = sign_in(client, ana)
    typed = {"text": "On its way", "client_key": uuid4()}
    answer = browser.post(f"/threads/{dm_thread.pk}/replies/", typed)
    assert answer.status_code == 200
    page = browser.get(path).content.decode()
    assert told in page
    assert state in page
    assert Message.objects.filter(state="queued").count() == 1


def test_a_disconnected_handle_is_read_and_noted_on_but_not_answered(
    acme, ana, question, dm_thread, client, sign_in, conversation
):
    BrandAccount.objects.update(status="disconnected")
    browser = sign_in(client, ana)
    page = browser.get(f"/conversations/{conversation.number}/").content.decode()
    assert "is disconnected" in page
    assert "Where is my parcel?" in page
    assert 'id="path-note-form"' in page
    assert 'id="path-dm-form"' not in page
    typed = {"text": "On its way", "client_key": uuid4()}
    assert browser.post(f"/threads/{dm_thread.pk}/replies/", typed).status_code == 422
    with pytest.raises(HandleDisconnected):
        say(dm_thread, ana)
    noted = browser.post(f"/conversations/{conversation.number}/notes/", typed)
    assert noted.status_code == 200
    assert Message.objects.count() == 1


def test_what_failed_can_not_be_retried_on_a_disconnected_handle(acme, ana, question, dm_thread):
    failed = make_message(dm_thread, ours=True, state="failed", external_id=None)
    BrandAccount.objects.update(status="disconnected")
    with pytest.raises(HandleDisconnected):
        retry(failed, by=ana)
