"""Nothing that gives a customer away is posted in public: `inbox.guards.leaks`."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse

from inbox.models import ConversationEvent, Message
from tests.factories import make_contact, make_conversation, make_message, make_thread
from tests.inbox.overruling import told_in

LEAK = "Sorry! Is bob@example.com still right?"


@pytest.fixture
def post(client, sign_in):
    """`post(ana, thread, "Hello", despite_leak="…")`, as the composer does."""

    def post(user, thread, text, **more):
        form = {"text": text, "client_key": uuid4(), **more}
        address = reverse("inbox:replies", args=[thread.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return post


@pytest.fixture
def complaint(public_thread):
    return make_message(public_thread, "@acme where is my order 5501?")


def ours() -> list[str]:
    return [message.plain_text for message in Message.objects.filter(direction="out")]


def test_an_address_in_public_is_stopped_and_shown(post, ana, complaint):
    page = post(ana, complaint.thread, LEAK)
    assert page.status_code == 409
    assert "Everyone would read an e-mail address. Take it out" in page.text
    assert "<mark>bob@example.com</mark> still right?" in page.text
    assert "A manager can send it with a reason." in page.text
    assert "despite_leak" not in page.text
    assert ours() == []


def test_what_one_was_told_overrules_nothing_for_others_or_elsewhere(post, sam, ada, complaint):
    """Nor does what anybody could reckon up."""
    thread = make_thread(complaint.conversation, "public")
    make_message(thread, "And where is order 5501?")
    why = {"despite_leak": "It is the shop's own.", **told_in(post(sam, complaint.thread, LEAK))}
    assert post(ada, complaint.thread, LEAK, **why).status_code == 409
    assert post(sam, thread, LEAK, **why).status_code == 409
    assert ours() == []
    assert post(sam, complaint.thread, LEAK, **why).status_code == 200


@pytest.mark.parametrize(
    "text", ["Your order 4711-0815 left", "So it is the blue one from the shop"]
)
def test_what_only_a_private_message_says_is_stopped(post, ana, complaint, dm_thread, text):
    make_message(dm_thread, "47110815. It is the blue one from Paris")
    assert post(ana, complaint.thread, text).status_code == 409
    assert ours() == []


def test_what_the_customer_said_in_public_may_be_repeated(post, ana, complaint, dm_thread):
    make_message(dm_thread, "It is order 5501")
    assert post(ana, complaint.thread, "Order 5501 is on its way").status_code == 200


def test_private_messages_of_earlier_conversations_count(post, acme, ana, carla, complaint):
    earlier = make_thread(make_conversation(acme, carla, status="resolved"), "dm")
    make_message(earlier, "My code is 7788")
    assert post(ana, complaint.thread, "Code 7788 is valid").status_code == 409


def test_what_others_wrote_privately_does_not(post, acme, globex, ana, carla, complaint):
    make_message(make_thread(make_conversation(acme, make_contact())), "My code is 7788")
    make_message(make_thread(make_conversation(globex, carla)), "My code is 7788")
    assert post(ana, complaint.thread, "Code 7788 is valid").status_code == 200


def test_in_private_it_is_said_freely(post, ana, dm_thread):
    make_message(dm_thread, "I am bob@example.com, 47110815")
    assert post(ana, dm_thread, "bob@example.com, 47110815 it is").status_code == 200


def test_what_the_brand_gives_out_itself_passes(post, acme, ana, complaint):
    acme.public_details = ["help@acme.example", "+1 555 123 4567"]
    acme.save()
    words = "Write to Help@acme.example or call +1 (555) 123-4567"
    assert post(ana, complaint.thread, words).status_code == 200
    assert post(ana, complaint.thread, f"{words}, not bob@acme.example").status_code == 409


def test_a_brand_may_do_without_it(post, acme, ana, complaint):
    acme.stops_leaks = False
    acme.save()
    assert post(ana, complaint.thread, LEAK).status_code == 200


def test_a_manager_posts_it_with_a_reason_that_is_kept(post, sam, complaint):
    stopped = post(sam, complaint.thread, LEAK)
    assert 'name="despite_leak"' in stopped.text
    why = {"despite_leak": "It is the shop's own.", **told_in(stopped)}
    page = post(sam, complaint.thread, LEAK, **why)
    assert ours() == [LEAK]
    event = complaint.conversation.events.get(kind=ConversationEvent.Kind.OVERRULED)
    assert (event.actor, event.message) == (sam, Message.objects.get(direction="out"))
    assert event.after == {
        "guard": "leak",
        "reason": "It is the shop's own.",
        "held": "an e-mail address",
    }
    assert "Sam Manager posted an e-mail address in public" in page.text


def test_without_a_reason_a_manager_is_stopped_too(post, sam, complaint):
    told = told_in(post(sam, complaint.thread, LEAK))
    assert post(sam, complaint.thread, LEAK, despite_leak="  ", **told).status_code == 409
    assert ours() == []


def test_an_agents_reason_does_not_count(post, ana, sam, complaint):
    told = told_in(post(sam, complaint.thread, LEAK))
    assert post(ana, complaint.thread, LEAK, despite_leak="Because", **told).status_code == 409
    assert ours() == []


def test_a_reason_is_for_the_words_that_were_shown(post, sam, complaint):
    why = {"despite_leak": "It is the shop's own.", **told_in(post(sam, complaint.thread, LEAK))}
    other = f"{LEAK} Or is it 4111 1111 1111 1111?"
    again = post(sam, complaint.thread, other, **why)
    assert again.status_code == 409
    assert "It says something else now. Everyone would read an e-mail address and" in again.text
    # The reason need not be typed anew.
    assert 'value="It is the shop&#39;s own."' in again.text
    assert ours() == []
    assert post(sam, complaint.thread, other, **(why | told_in(again))).status_code == 200
    assert ours() == [other]


def test_a_reason_without_what_it_is_for_does_not_count(post, sam, complaint):
    assert post(sam, complaint.thread, LEAK, despite_leak="Because").status_code == 409
    assert ours() == []


def test_a_reason_for_what_nobody_stopped_is_not_kept(post, sam, complaint):
    post(sam, complaint.thread, "On its way", despite_leak="Because")
    assert not ConversationEvent.objects.filter(kind="overruled").exists()


def test_twice_is_one_post_and_one_reason(post, sam, complaint):
    why = {"despite_leak": "It is the shop's own.", **told_in(post(sam, complaint.thread, LEAK))}
    key = uuid4()
    for _ in range(2):
        post(sam, complaint.thread, LEAK, client_key=key, **why)
    assert ours() == [LEAK]
    assert ConversationEvent.objects.filter(kind="overruled").count() == 1


def test_to_another_company_the_thread_does_not_exist(post, zoe, complaint):
    assert post(zoe, complaint.thread, LEAK, despite_leak="Because").status_code == 404
