"""A message arrives: `inbox.actions.receiving.receive`."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from accounts.access import role_on
from inbox.actions.assignment import claim
from inbox.actions.receiving import mark_deleted, receive
from inbox.actions.status import resolve, snooze
from inbox.models import Contact, Conversation, ConversationEvent, Message, Thread
from inbox.utterance import Media, Person
from tests.factories import make_brand
from tests.news import heard

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def test_it_opens_a_conversation_that_needs_an_answer(acme, carla, says):
    message = receive(acme, says("Where is my parcel?", at=NOON))
    conversation = message.conversation
    assert conversation.status == "open"
    assert conversation.unanswered_since == NOON
    assert (conversation.preview, conversation.message_count) == ("Where is my parcel?", 1)
    assert conversation.contact == carla


def test_it_records_the_opening(acme, says):
    conversation = receive(acme, says("Hello")).conversation
    assert [event.kind for event in conversation.events.all()] == ["opened"]


@pytest.mark.django_db(transaction=True)
def test_it_announces_ids_and_no_text(acme, says):
    with heard() as news:
        message = receive(acme, says("a canary sings"))
        told = news()
    assert told[0]["id"] == message.conversation_id
    assert told[0]["brand"] == acme.pk
    assert "canary" not in str(told)


def test_the_same_fact_twice_is_one_message(acme, says):
    utterance = says("Hello")
    first, second = receive(acme, utterance), receive(acme, utterance)
    assert first == second
    assert Message.objects.count() == 1
    assert first.conversation.version == Conversation.objects.get().version


@pytest.mark.django_db(transaction=True)
def test_six_first_messages_at_once_open_one_conversation(acme, says):
    utterances = [says(f"Message {number}") for number in range(6)]
    barrier = Barrier(6)

    def arrive(utterance):
        barrier.wait()
        receive(acme, utterance)
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(arrive, utterances))
    assert Conversation.objects.count() == 1
    assert Conversation.objects.get().message_count == 6


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_arrival_changes_nothing(acme, says, order):
    said = [
        says("Is anyone there?", at=minutes(0)),
        says("Hello?", at=minutes(1)),
        says("Yes, we are.", at=minutes(5), ours=True),
        says("At last.", at=minutes(7)),
    ]
    for position in order:
        receive(acme, said[position])
    conversation = Conversation.objects.get()
    texts = [message.text for message in conversation.messages.in_order()]
    assert texts == ["Is anyone there?", "Hello?", "Yes, we are.", "At last."]
    assert conversation.unanswered_since == minutes(7)
    assert conversation.status == "open"
    assert conversation.preview == "At last."


def test_our_answer_written_in_x_makes_it_wait_for_the_customer(acme, says):
    receive(acme, says("Hello", at=minutes(0)))
    message = receive(acme, says("Good morning!", at=minutes(3), ours=True))
    assert message.was_sent_in_x
    assert message.conversation.status == "waiting"
    assert message.conversation.unanswered_since is None


def test_a_message_wakes_a_snoozed_conversation(acme, ana, says):
    conversation = receive(acme, says("Hello", at=minutes(0))).conversation
    snooze(conversation, until=datetime.now(UTC) + timedelta(days=1), by=ana)
    again = receive(acme, says("Still there?", at=minutes(9))).conversation
    assert (again.pk, again.status, again.snoozed_until) == (conversation.pk, "open", None)


def test_a_message_reopens_what_was_resolved_and_counts_from_there(acme, ana, says):
    conversation = receive(acme, says("Hello", at=minutes(0))).conversation
    resolve(conversation, by=ana)
    again = receive(acme, says("It broke again.", at=minutes(60))).conversation
    assert (again.pk, again.status) == (conversation.pk, "open")
    assert again.unanswered_since == minutes(60)
    assert again.events.filter(kind=ConversationEvent.Kind.REOPENED).exists()


def test_an_older_message_that_comes_after_the_resolve_reopens_too(acme, ana, says):
    conversation = receive(acme, says("Second", at=minutes(2))).conversation
    resolve(conversation, by=ana)
    again = receive(acme, says("First, delayed by X", at=minutes(1))).conversation
    assert again.status == "open"
    assert again.unanswered_since == minutes(1)


def test_past_the_reopen_window_a_new_conversation_follows_the_old(acme, ana, says):
    old = receive(acme, says("Hello", at=NOON)).conversation
    resolve(old, by=ana)
    later = datetime.now(UTC) + timedelta(days=acme.reopen_days, hours=1)
    new = receive(acme, says("A new matter", at=later)).conversation
    assert new.pk != old.pk
    assert new.follows == old
    old.refresh_from_db()
    assert old.status == "resolved"


def test_a_reopened_conversation_keeps_its_assignee_while_on_duty(acme, ana, says):
    conversation = receive(acme, says("Hello", at=minutes(0))).conversation
    Conversation.objects.filter(pk=conversation.pk).update(assignee=ana)
    resolve(conversation, by=ana)
    assert receive(acme, says("Again", at=minutes(9))).conversation.assignee == ana


def test_a_reopened_conversation_returns_to_the_queue_when_its_assignee_has_left(acme, ana, says):
    conversation = receive(acme, says("Hello", at=minutes(0))).conversation
    Conversation.objects.filter(pk=conversation.pk).update(assignee=ana)
    resolve(conversation, by=ana)
    ana.memberships.all().delete()
    assert role_on(ana, acme) is None
    assert receive(acme, says("Again", at=minutes(9))).conversation.assignee is None


def test_a_dm_joins_the_only_lively_conversation(acme, says):
    public = receive(acme, says("@acme help", at=NOON, kind="public"))
    dm = receive(acme, says("I wrote in public too", at=NOON + timedelta(hours=71)))
    assert dm.conversation_id == public.conversation_id
    kinds = set(Thread.objects.values_list("kind", flat=True))
    assert kinds == {"dm", "public"}
    assert (dm.conversation.has_dm, dm.conversation.has_public) == (True, True)


def test_a_dm_after_the_join_window_begins_its_own_conversation(acme, says):
    public = receive(acme, says("@acme help", at=NOON, kind="public"))
    dm = receive(acme, says("Another matter", at=NOON + timedelta(hours=73)))
    assert dm.conversation_id != public.conversation_id


def test_a_dm_joins_nothing_where_the_brand_does_not_want_it(acme, says):
    acme.joins_threads = False
    acme.save()
    public = receive(acme, says("@acme help", at=NOON, kind="public"))
    assert receive(acme, says("Hi", at=minutes(1))).conversation_id != public.conversation_id


def test_a_first_public_post_joins_the_conversation_that_has_dms(acme, says):
    dm = receive(acme, says("Hello", at=NOON))
    public = receive(acme, says("@acme nobody answers", at=minutes(30), kind="public"))
    assert public.conversation_id == dm.conversation_id


def test_it_shows_both_ways_whichever_came_in_first(acme, says):
    receive(acme, says("And in private", at=minutes(10)))
    conversation = receive(acme, says("In public", at=NOON, kind="public")).conversation
    assert (conversation.has_dm, conversation.has_public) == (True, True)


def test_a_second_public_thread_is_a_conversation_of_its_own(acme, says):
    first = receive(acme, says("@acme help", at=NOON, kind="public"))
    second = receive(acme, says("@acme another thing", at=minutes(5), kind="public"))
    assert first.conversation_id != second.conversation_id


def test_the_same_person_with_another_brand_is_another_conversation(acme, says):
    globex = make_brand("globex")
    utterance = says("@acme @globex who of you?", kind="public")
    ours, theirs = receive(acme, utterance), receive(globex, utterance)
    assert ours.conversation_id != theirs.conversation_id
    assert {ours.conversation.brand, theirs.conversation.brand} == {acme, globex}
    assert Contact.objects.count() == 1


def test_the_profile_follows_the_newest_payload_and_handles_are_kept(acme, carla, says):
    newer = Person(carla.x_user_id, handle="carla_k", name="Carla K", as_of=minutes(10))
    older = Person(carla.x_user_id, handle="old_carla", name="Old", as_of=minutes(5))
    receive(acme, says("Hello", customer=newer))
    receive(acme, says("Again", customer=older))
    carla.refresh_from_db()
    assert (carla.handle, carla.name) == ("carla_k", "Carla K")
    assert [handle.handle for handle in carla.handles.all()] == ["old_carla", "carla_k"]


def test_media_are_kept_with_the_message(acme, says):
    photo = Media("photo", "3_1", "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg")
    message = receive(acme, says("", media=(photo,)))
    assert [attachment.media_key for attachment in message.attachments.all()] == ["3_1"]
    assert message.conversation.preview == "Attachment"


def test_the_row_leaves_out_xs_address_of_a_picture(acme, says):
    link = {"url": "https://t.co/x", "expanded_url": "https://x.com/carla/status/1/photo/1"}
    link |= {"start": 5, "end": 19, "display_url": "pic.x.com/x"}
    photo = Media("photo", "3_1")
    said = says("Look https://t.co/x", entities={"urls": [link]}, media=(photo,))
    assert receive(acme, said).conversation.preview == "Look"


def test_the_row_and_quotations_show_links_as_x_does(acme, says):
    link = {"start": 13, "end": 27, "url": "https://t.co/x", "expanded_url": "https://a.example/b"}
    urls = [link | {"display_url": "a.example/b"}]
    message = receive(acme, says("R&amp;D: see https://t.co/x", entities={"urls": urls}))
    assert message.plain_text == message.conversation.preview == "R&D: see a.example/b"


def test_what_postgres_cannot_hold_is_cleaned(acme, says):
    message = receive(acme, says("a\x00b \ud800 c"))
    message.refresh_from_db()
    assert message.text == "ab ? c"


def test_a_deletion_leaves_a_tombstone_without_words(acme, says):
    message = receive(acme, says("My card is 4111", at=NOON))
    mark_deleted(acme, kind="dm", external_id=message.external_id)
    message.refresh_from_db()
    conversation = Conversation.objects.get()
    assert (message.text, message.deleted_at is None) == ("", False)
    assert (conversation.preview, conversation.unanswered_since) == ("Deleted on X", None)


def test_a_question_after_our_answer_needs_no_line_of_history(acme, says):
    receive(acme, says("Hello", at=minutes(0)))
    receive(acme, says("Good morning!", at=minutes(3), ours=True))
    conversation = receive(acme, says("And my parcel?", at=minutes(5))).conversation
    assert conversation.status == "open"
    assert [event.kind for event in conversation.events.all()] == ["opened", "sent"]


def test_who_has_left_loses_a_waiting_conversation_to_the_queue(acme, ana, says):
    conversation = receive(acme, says("Hello", at=minutes(0))).conversation
    claim(conversation, by=ana)
    receive(acme, says("Good morning!", at=minutes(3), ours=True))
    ana.memberships.all().delete()
    again = receive(acme, says("Still there?", at=minutes(9))).conversation
    assert again.assignee is None
    assert again.events.filter(kind=ConversationEvent.Kind.UNASSIGNED, subject=ana).exists()
    assert not again.assignments.filter(ended_at=None).exists()
