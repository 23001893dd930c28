"""Block and unblock for direct messages, before X is asked: `inbox.actions.blocking`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from inbox.actions.blocking import block, is_blocked, settle, unblock
from inbox.actions.replies import PersonBlocked, Said, reply
from inbox.actions.retrying import retry
from inbox.actions.wishing import Done, Later, Refused, take
from inbox.models import ConversationEvent, DmBlock, Message
from tests.factories import make_conversation, make_message, make_thread
from tests.news import heard


def kinds(conversation) -> list[str]:
    return [event.kind for event in conversation.events.all()]


def test_a_manager_blocks_a_person_for_the_brand(question, sam, acme, carla):
    block(question.conversation, by=sam)
    wish = DmBlock.objects.get()
    assert (wish.brand, wish.contact, wish.conversation) == (acme, carla, question.conversation)
    assert (wish.wanted, wish.held, wish.state, wish.asked_by) == (True, False, "pending", sam)
    assert is_blocked(acme.pk, carla.pk)


def test_it_is_recorded(question, sam):
    block(question.conversation, by=sam)
    unblock(question.conversation, by=sam)
    events = question.conversation.events.all()
    assert [(event.kind, event.actor) for event in events] == [
        ("blocked", sam),
        ("unblocked", sam),
    ]


@pytest.mark.django_db(transaction=True)
def test_every_conversation_of_the_two_is_told_and_no_other(question, sam, acme, globex, carla):
    second, elsewhere = make_conversation(acme, carla), make_conversation(globex, carla)
    closed = make_conversation(acme, carla, status="resolved")
    with heard() as news:
        block(question.conversation, by=sam)
        told = {(one["id"], one["brand"], one["what"]) for one in news()}
    assert told == {
        (question.conversation.pk, acme.pk, "contact"),
        (second.pk, acme.pk, "contact"),
    }
    assert elsewhere.pk != closed.pk


def test_agents_and_people_of_other_brands_may_not(question, ana, nia, olga):
    for person in (ana, nia, olga):
        with pytest.raises(PermissionDenied):
            block(question.conversation, by=person)
        with pytest.raises(PermissionDenied):
            unblock(question.conversation, by=person)
    assert not DmBlock.objects.exists()


def test_another_brand_goes_on_talking_with_the_person(question, sam, globex, carla):
    block(question.conversation, by=sam)
    assert not is_blocked(globex.pk, carla.pk)


def test_twice_is_once(question, sam, ada):
    block(question.conversation, by=sam)
    block(question.conversation, by=ada)
    assert kinds(question.conversation) == ["blocked"]
    assert DmBlock.objects.get().asked_by == sam


def test_unblocking_who_never_was_blocked_changes_nothing(question, sam):
    assert unblock(question.conversation, by=sam) is None
    assert kinds(question.conversation) == []


@pytest.mark.django_db(transaction=True)
def test_two_who_block_at_once_make_one_row(question, sam, ada):
    barrier = Barrier(2)

    def work(person):
        try:
            barrier.wait()
            block(question.conversation, by=person)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, (sam, ada)))
    assert DmBlock.objects.count() == 1
    assert kinds(question.conversation) == ["blocked"]


def test_what_x_confirmed_holds(question, sam):
    wish = block(question.conversation, by=sam)
    settle(wish.pk, Done(did=True))
    wish.refresh_from_db()
    assert (wish.held, wish.state, wish.is_in_force) == (True, "done", True)


def test_what_x_refused_is_told_and_can_be_asked_again(question, sam, acme, carla):
    wish = block(question.conversation, by=sam)
    settle(wish.pk, Refused(did=True, reason="No such person."))
    wish.refresh_from_db()
    assert (wish.state, wish.reason, wish.held) == ("refused", "No such person.", False)
    assert not is_blocked(acme.pk, carla.pk)
    told = question.conversation.events.get(kind=ConversationEvent.Kind.BLOCK_REFUSED)
    assert told.after == {"wanted": True, "reason": "No such person."}
    block(question.conversation, by=sam)
    wish.refresh_from_db()
    assert (wish.state, wish.reason) == ("pending", "")


def test_a_refused_unblock_leaves_the_person_blocked(question, sam, acme, carla):
    wish = block(question.conversation, by=sam)
    settle(wish.pk, Done(did=True))
    unblock(question.conversation, by=sam)
    settle(wish.pk, Refused(did=False, reason="Not now."))
    assert is_blocked(acme.pk, carla.pk)


def test_a_mind_that_changed_during_the_call_is_followed(question, sam):
    wish = block(question.conversation, by=sam)
    assert take(DmBlock.objects.all(), wish.pk) is not None
    unblock(question.conversation, by=sam)
    assert take(DmBlock.objects.all(), wish.pk) is None, "one call at a time"
    settle(wish.pk, Done(did=True))
    wish.refresh_from_db()
    assert (wish.held, wish.wanted, wish.state) == (True, False, "pending")
    assert take(DmBlock.objects.all(), wish.pk) is not None
    settle(wish.pk, Done(did=False))
    wish.refresh_from_db()
    assert (wish.held, wish.state) == (False, "done")


def test_it_is_given_up_after_many_attempts(question, sam):
    wish = block(question.conversation, by=sam)
    DmBlock.objects.update(attempts=20)
    settle(wish.pk, Later(timezone.now(), "X did not confirm this."))
    wish.refresh_from_db()
    assert (wish.state, wish.reason) == ("refused", "X did not confirm this.")


def test_nothing_private_is_queued_for_a_blocked_person(dm_thread, question, sam, ana):
    block(question.conversation, by=sam)
    with pytest.raises(PersonBlocked, match="Unblock them to write; nothing was sent"):
        reply(dm_thread, Said("Hello", uuid4()), by=ana)
    assert not Message.objects.filter(direction="out").exists()


def test_in_public_the_brand_still_answers_a_blocked_person(question, public_thread, sam, ana):
    make_message(public_thread, "And in public?")
    block(question.conversation, by=sam)
    assert reply(public_thread, Said("Here we are", uuid4()), by=ana).state == "queued"


def test_what_failed_is_not_sent_again_to_a_blocked_person(dm_thread, question, sam, ana):
    failed = make_message(
        dm_thread, "Sorry", ours=True, state="failed", external_id=None, client_key=uuid4()
    )
    block(question.conversation, by=sam)
    with pytest.raises(PersonBlocked):
        retry(failed, by=ana)


def test_the_thread_of_another_brand_is_open(question, sam, globex, carla, zoe):
    block(question.conversation, by=sam)
    thread = make_thread(make_conversation(globex, carla))
    make_message(thread, "Hello?")
    assert reply(thread, Said("Hello", uuid4()), by=zoe).state == "queued"
