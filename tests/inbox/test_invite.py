"""From public to private: the invitation, the arrival, the closing in public."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from inbox.actions import sending, status
from inbox.actions.blocking import block
from inbox.actions.inviting import NotInPublic, close_in_public, invite
from inbox.actions.receiving import receive
from inbox.actions.replies import Said, reply
from inbox.actions.taking_back import cancel
from inbox.guards.news import SomethingNew
from inbox.models import Conversation, Handoff, Message
from inbox.models.conversation import new_reference_code
from inbox.sequence import moment_of, sequence_at
from inbox.utterance import Person
from tests.factories import make_contact, make_conversation, make_message, make_thread
from tests.news import heard

WORDS = "Please write to us"


@pytest.fixture
def complaint(public_thread) -> Message:
    return make_message(public_thread, "Nobody answers at this company")


@pytest.fixture
def post(client: Client, sign_in: Callable[[Client, User], Client]) -> Callable[..., HttpResponse]:
    """`post(ana, thread, text=…, purpose="invitation")`: the composer's form, sent."""

    def post(user: User, thread, **form) -> HttpResponse:
        form = {"client_key": uuid4(), "text": WORDS, "purpose": "invitation"} | form
        address = reverse("inbox:replies", args=[thread.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return post


def accept(message: Message) -> Message:
    """What the sender does when X takes it now."""
    with transaction.atomic():
        assert sending.take_next(message.conversation_id) == message
    x_id = sequence_at(timezone.now())
    return sending.confirm_sent(
        message.pk, external_id=str(x_id), sequence=x_id, sent_at=moment_of(x_id)
    )


def invited(thread, by) -> Handoff:
    """An invitation that X has accepted."""
    accept(invite(thread, Said(WORDS, uuid4()), by=by))
    return Handoff.objects.get()


def soon(seconds: float = 60):
    return timezone.now() + timedelta(seconds=seconds)


def kinds(conversation: Conversation) -> list[str]:
    return [event.kind for event in conversation.events.all()]


def steps(handoff: Handoff) -> list[str]:
    told = Handoff.objects.with_steps().get(pk=handoff.pk)
    return [step.label for step in told.steps if step.at is not None]


def test_one_press_answers_in_public_with_a_link_to_write_in_private(complaint, acme, ana, post):
    assert post(ana, complaint.thread).status_code == 200
    message = Message.objects.get(direction="out")
    words, link = message.plain_text.split("\n")
    address = urlsplit(link)
    assert (words, message.kind, message.state) == (WORDS, "public", "queued")
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        "https://twitter.com/messages/compose"
    )
    assert parse_qs(address.query) == {
        "recipient_id": [acme.x_user_id],
        "text": [f"Ref {complaint.conversation.reference_code}"],
    }


def test_it_is_recorded(complaint, ana, post):
    post(ana, complaint.thread)
    handoff = Handoff.objects.get()
    assert (handoff.invited_by, handoff.conversation) == (ana, complaint.conversation)
    assert handoff.invitation == Message.objects.get(direction="out")
    assert "invited" in kinds(complaint.conversation)


def test_the_composer_shows_what_will_be_published_and_what_it_costs(complaint, ana, show, post):
    page = show(ana).content.decode()
    post(ana, complaint.thread)
    link = Message.objects.get(direction="out").plain_text.split("\n")[1]
    assert link.replace("&", "&amp;") in page
    assert "$0.20 for a post with a link" in page


def test_taken_back_its_words_come_without_the_link_whatever_is_on_offer_by_now(
    complaint, client, ana, sam, post
):
    post(ana, complaint.thread)
    message = Message.objects.get(direction="out")
    # Nobody who is blocked is invited.
    block(complaint.conversation, by=sam)
    answer = client.post(reverse("inbox:message-cancel", args=[message.pk]))
    assert json.loads(answer["HX-Trigger"])["takenback"]["text"] == WORDS


def test_a_chain_comes_back_without_the_link_of_the_conversation_it_was_written_in(
    complaint, client, ana, post
):
    words = " ".join(["We are sorry to hear that."] * 14)
    assert post(ana, complaint.thread, text=words, posts=2).status_code == 200
    Conversation.objects.update(reference_code="OTHER-1")
    first = Message.objects.filter(direction="out").earliest("pk")
    answer = client.post(reverse("inbox:message-cancel", args=[first.pk]))
    assert json.loads(answer["HX-Trigger"])["takenback"]["text"] == words


def test_twice_is_once(complaint, ana, post):
    form = {"client_key": uuid4()}
    assert post(ana, complaint.thread, **form).status_code == 200
    assert post(ana, complaint.thread, **form).status_code == 200
    assert Handoff.objects.count() == Message.objects.filter(direction="out").count() == 1
    assert kinds(complaint.conversation).count("invited") == 1


def test_a_plain_answer_sent_with_the_same_key_becomes_no_invitation(complaint, ana, post):
    """Its answer was lost, then the other button was pressed."""
    form = {"client_key": uuid4()}
    post(ana, complaint.thread, purpose="", **form)
    answer = post(ana, complaint.thread, **form)
    assert answer.status_code == 409
    assert "as a plain answer" in answer.content.decode()
    assert not Handoff.objects.exists()
    assert "invited" not in kinds(complaint.conversation)
    assert Message.objects.get(direction="out").plain_text == WORDS


def test_a_plain_answer_sent_with_the_same_key_closes_nothing(complaint, dm_thread, ana, post):
    invited(complaint.thread, ana)
    Handoff.objects.update(arrival=make_message(dm_thread, "Here I am"))
    form = {"client_key": uuid4(), "text": "Solved in private"}
    assert post(ana, complaint.thread, purpose="", **form).status_code == 200
    assert post(ana, complaint.thread, purpose="closing", **form).status_code == 409
    assert Handoff.objects.get().closing is None
    assert "closed_in_public" not in kinds(complaint.conversation)


def test_who_works_elsewhere_finds_nothing_and_may_not(complaint, zoe, olga, post):
    for person in (zoe, olga):
        assert post(person, complaint.thread).status_code == 404
        with pytest.raises(PermissionDenied):
            invite(complaint.thread, Said(WORDS, uuid4()), by=person)
    assert not Handoff.objects.exists()


def test_nobody_is_invited_in_private(question, ana, post):
    assert post(ana, question.thread).status_code == 422
    with pytest.raises(NotInPublic):
        close_in_public(question.thread, Said(WORDS, uuid4()), by=ana)
    assert not Message.objects.filter(direction="out").exists()


def test_words_are_needed_and_weighed_with_the_link(complaint, ana, post):
    assert post(ana, complaint.thread, text=" ").status_code == 422
    assert post(ana, complaint.thread, text="x" * 257).status_code == 409
    assert post(ana, complaint.thread, text="x" * 256).status_code == 200


def test_nobody_is_invited_who_is_turned_away(complaint, ana, sam, post):
    block(complaint.conversation, by=sam)
    answer = post(ana, complaint.thread)
    assert answer.status_code == 422
    assert "Unblock them to write" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_invite_at_once_one_is_told(complaint, ana, ben):
    barrier = Barrier(2)

    def work(person):
        try:
            barrier.wait()
            said = Said(WORDS, uuid4(), seen_through=complaint.pk)
            invite(complaint.thread, said, by=person)
        except SomethingNew:
            return "told"
        finally:
            connection.close()
        return "invited"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, (ana, ben))) == ["invited", "told"]
    assert Handoff.objects.count() == 1


def test_the_message_with_the_code_joins_the_conversation(complaint, acme, ana, says):
    handoff = invited(complaint.thread, ana)
    text = f"Hello! ref {handoff.reference_code.upper()}"
    message = receive(acme, says(text, at=soon()))
    assert message.conversation == complaint.conversation
    handoff.refresh_from_db()
    assert (handoff.arrival, handoff.has_code) == (message, True)
    assert kinds(complaint.conversation)[-1] == "arrived"


def test_without_the_code_who_was_invited_is_known_by_who_they_are(complaint, acme, ana, says):
    """Though they talk in private elsewhere: the newest invitation is what they answer."""
    handoff = invited(complaint.thread, ana)
    elsewhere = make_message(make_thread(make_conversation(acme, complaint.conversation.contact)))
    x_id = elsewhere.thread.x_conversation_id
    first = receive(acme, says("Hello!", at=soon(), x_conversation_id=x_id))
    second = receive(acme, says("And?", at=soon(120), x_conversation_id=x_id))
    assert {first.conversation, second.conversation} == {complaint.conversation}
    handoff.refresh_from_db()
    assert (handoff.arrival, handoff.has_code) == (first, False)


def test_what_was_said_before_the_invitation_answers_nothing(complaint, acme, ana, says):
    handoff = invited(complaint.thread, ana)
    receive(acme, says("An old one", at=timezone.now() - timedelta(hours=1)))
    handoff.refresh_from_db()
    assert handoff.arrival is None


def test_an_invitation_is_open_as_long_as_a_conversation_opens_again(complaint, acme, ana, says):
    acme.joins_threads = False
    acme.save()
    invited(complaint.thread, ana)
    late = receive(acme, says("Sorry, I was away", at=soon() + timedelta(days=8)))
    assert late.conversation != complaint.conversation
    later = f"Ref {complaint.conversation.reference_code}"
    assert receive(acme, says(later, at=soon() + timedelta(days=9))).conversation == (
        complaint.conversation
    )


def test_a_conversation_that_was_resolved_meanwhile_opens_again(complaint, acme, ana, says):
    invited(complaint.thread, ana)
    status.resolve(complaint.conversation, by=ana)
    message = receive(acme, says("Hello!", at=soon()))
    assert message.conversation == complaint.conversation
    assert message.conversation.status == "open"


def test_the_code_of_somebody_else_leads_nowhere(complaint, acme, ana, says):
    """The button is public: whoever presses it writes as themselves."""
    handoff = invited(complaint.thread, ana)
    mallory = make_contact("mallory")
    text = f"Ref {handoff.reference_code}"
    stranger = says(
        text, at=soon(), customer=Person(mallory.x_user_id), x_conversation_id="mallory-acme"
    )
    message = receive(acme, stranger)
    assert (message.conversation.contact, message.conversation == complaint.conversation) == (
        mallory,
        False,
    )
    handoff.refresh_from_db()
    assert handoff.arrival is None


def test_the_code_of_another_brand_leads_nowhere(complaint, globex, ana, says):
    handoff = invited(complaint.thread, ana)
    message = receive(globex, says(f"Ref {handoff.reference_code}", at=soon()))
    assert message.conversation.brand == globex
    handoff.refresh_from_db()
    assert handoff.arrival is None


def test_in_whatever_order_they_are_told_the_first_message_is_the_arrival(
    complaint, acme, ana, says
):
    handoff = invited(complaint.thread, ana)
    first, second = says("Hello!", at=soon(60)), says("Anybody?", at=soon(120))
    receive(acme, second)
    arrived = receive(acme, first)
    handoff.refresh_from_db()
    assert handoff.arrival == arrived
    assert kinds(complaint.conversation).count("arrived") == 1


def test_an_invitation_that_never_went_out_is_answered_by_nobody(complaint, acme, ana, says):
    cancel(invite(complaint.thread, Said(WORDS, uuid4()), by=ana), by=ana)
    receive(acme, says("Hello!", at=soon()))
    assert Handoff.objects.get().arrival is None


@pytest.mark.django_db(transaction=True)
def test_who_invited_is_told_by_ids_alone_and_nobody_else(complaint, acme, ana, says):
    handoff = invited(complaint.thread, ana)
    with heard() as news:
        receive(acme, says("Hello, it is about my card 4111", at=soon()))
        told = [one for one in news() if one["what"] == "arrival"]
    (one,) = told
    assert one.pop("at")
    assert one == {
        "id": handoff.conversation_id,
        "brand": acme.pk,
        "what": "arrival",
        "to": ana.pk,
    }


def test_each_step_is_told_from_what_was_said_and_done(complaint, acme, ana, says, post):
    handoff = invited(complaint.thread, ana)
    assert steps(handoff) == ["Invited"]
    arrival = receive(acme, says("Hello!", at=timezone.now()))
    assert steps(handoff) == ["Invited", "DM arrived"]
    accept(reply(arrival.thread, Said("It is on its way", uuid4()), by=ana))
    assert steps(handoff) == ["Invited", "DM arrived", "First DM answer"]
    status.resolve(complaint.conversation, by=ana)
    assert steps(handoff)[-1] == "Resolved"
    assert post(ana, complaint.thread, purpose="closing").status_code == 200
    assert steps(handoff)[-1] == "Resolved"
    accept(Message.objects.get(state="queued"))
    assert steps(handoff)[-1] == "Closed in public"
    assert kinds(complaint.conversation).count("closed_in_public") == 1


def test_who_came_with_the_code_can_be_invited_once_more(complaint, acme, ana, says, post):
    """The code stands in a private message by now, and is no secret of the customer's."""
    handoff = invited(complaint.thread, ana)
    receive(acme, says(f"Ref {handoff.reference_code}", at=timezone.now()))
    assert post(ana, complaint.thread, purpose="closing", text="All done").status_code == 200
    accept(Message.objects.get(state="queued"))
    assert post(ana, complaint.thread, text="Once more, please").status_code == 200
    assert Handoff.objects.count() == 2


def test_no_code_reads_as_a_number_of_the_customers():
    """It would hold up the next invitation as one that says it in public."""
    codes = [new_reference_code() for _ in range(500)]
    assert {len(code) for code in codes} == {8}
    assert not [code for code in codes if re.search(r"\d\d", code)]


def test_closing_is_offered_once_they_came_and_invites_no_more(complaint, acme, ana, says, show):
    invited(complaint.thread, ana)
    assert "Invite to DM" in show(ana).content.decode()
    receive(acme, says("Hello!", at=timezone.now()))
    page = show(ana).content.decode()
    assert "Close in public" in page
    assert "Invite to DM" not in page
    assert "DM arrived without the code" in " ".join(page.split())


def test_who_closes_second_is_told(complaint, acme, ana, ben, says, post):
    invited(complaint.thread, ana)
    assert post(ana, complaint.thread, purpose="closing").status_code == 409
    receive(acme, says("Hello!", at=timezone.now()))
    again = {"purpose": "closing", "client_key": uuid4()}
    assert post(ana, complaint.thread, **again).status_code == 200
    assert post(ana, complaint.thread, **again).status_code == 200
    refused = post(ben, complaint.thread, purpose="closing", text="All is well")
    assert refused.status_code == 409
    assert "closed in public already" in refused.content.decode()
    assert Message.objects.filter(state="queued").count() == 1


def test_the_words_that_come_back_leave_the_link_behind(complaint, ana, client, post):
    post(ana, complaint.thread)
    message = Message.objects.get(direction="out")
    answer = client.post(
        reverse("inbox:message-cancel", args=[message.pk]), headers={"HX-Request": "true"}
    )
    assert f'"text": "{WORDS}"' in answer["HX-Trigger"]
