"""Two conversations made one, made two again, and a thread split off."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import User
from config.wording import when
from inbox.actions import sending
from inbox.actions.assignment import claim
from inbox.actions.inviting import invite
from inbox.actions.merging import AlreadyMerged, NotTheSame, OnItsWay, merge, unmerge
from inbox.actions.notes import add_note
from inbox.actions.receiving import receive
from inbox.actions.recording import MergedAway, locked
from inbox.actions.replies import Said, ThreadMoved, reply
from inbox.actions.splitting import OnlyThread, split
from inbox.actions.status import reopen, resolve
from inbox.models import Conversation, Handoff, Merge, Message, Thread
from tests.factories import make_contact, make_conversation, make_message, make_thread
from tests.locks import elsewhere, wait_until_waiting
from tests.news import heard


@pytest.fixture
def private(acme, carla) -> Message:
    """What Carla said in private, in a conversation of its own."""
    return make_message(make_thread(make_conversation(acme, carla)), "In private")


@pytest.fixture
def public(acme, carla) -> Message:
    return make_message(make_thread(make_conversation(acme, carla), "public"), "In public")


@pytest.fixture
def ask(client: Client, sign_in: Callable[[Client, User], Client]) -> Callable[..., HttpResponse]:
    """`ask(ana, "post", "merge", number, into=…)`: as the desk asks it."""

    def ask(user: User, method: str, name: str, key: int, **form) -> HttpResponse:
        sign_in(client, user)
        address = reverse(f"inbox:{name}", args=[key])
        headers = {"HX-Request": "true"}
        if method == "post":
            return client.post(address, form, headers=headers)
        return client.delete(address, headers=headers)

    return ask


def again(row):
    row.refresh_from_db()
    return row


def kinds(conversation: Conversation) -> list[str]:
    return [event.kind for event in conversation.events.all()]


def said_in(conversation: Conversation) -> set[str]:
    return {message.text for message in conversation.messages.all()}


def test_everything_is_in_one_with_both_reply_paths(private, public, ana, ask, show):
    add_note(public.conversation, text="She is right", by=ana, client_key=uuid4())
    source, target = public.conversation, private.conversation
    answer = ask(ana, "post", "merge", source.pk, into=target.pk)
    assert answer["HX-Redirect"].startswith(f"/conversations/{target.pk}/")
    assert said_in(again(target)) == {"In private", "In public"}
    assert {thread.kind for thread in target.threads.all()} == {"dm", "public"}
    assert (target.message_count, target.has_dm, target.has_public) == (2, True, True)
    assert target.unanswered_since == private.sent_at
    assert target.notes.get().text == "She is right"


def test_each_thread_says_since_when_things_were_said_in_it(private, public, ana, client):
    long_ago = public.sent_at - timedelta(days=9)
    Message.objects.filter(pk=public.pk).update(sent_at=long_ago)
    merge(public.conversation, into=private.conversation, by=ana)
    client.force_login(ana)
    address = reverse("inbox:conversation-detail", args=[private.conversation_id])
    words = " ".join(strip_tags(client.get(address).content.decode()).split())
    assert f"In public since {strip_tags(when(long_ago))}" in words


def test_the_other_keeps_its_history_and_says_where_all_of_it_went(private, public, ana, client):
    source, target = public.conversation, private.conversation
    claim(source, by=ana)
    merge(source, into=target, by=ana)
    assert kinds(source) == ["assigned", "merged"]
    assert kinds(target) == ["merged"]
    assert (again(source).status, source.unanswered_since) == ("resolved", None)
    client.force_login(ana)
    page = client.get(reverse("inbox:conversation-detail", args=[source.pk])).content.decode()
    assert f"/conversations/{target.pk}/" in page
    assert "Everything goes on there." in page


@pytest.mark.django_db(transaction=True)
def test_desks_hear_of_both(private, public, ana):
    with heard() as news:
        merge(public.conversation, into=private.conversation, by=ana)
        told = {one["id"] for one in news()}
    assert told == {public.conversation_id, private.conversation_id}


def test_undone_both_are_as_they_were(private, public, ana, ask):
    source, target = public.conversation, private.conversation
    note = add_note(source, text="She is right", by=ana, client_key=uuid4())
    merge(source, into=target, by=ana)
    assert ask(ana, "delete", "merge", source.pk).status_code == 200
    assert (said_in(source), said_in(target)) == ({"In public"}, {"In private"})
    assert again(note).conversation == source
    assert (again(source).status, source.unanswered_since) == ("open", public.sent_at)
    assert source.preview == "In public"
    assert kinds(source)[-1] == kinds(target)[-1] == "unmerged"
    assert Merge.objects.get().undone_by == ana


def test_what_came_since_stays_with_its_thread(private, public, acme, ana, says):
    source, target = public.conversation, private.conversation
    merge(source, into=target, by=ana)
    thread = public.thread
    later = receive(
        acme, says("And more", kind="public", x_conversation_id=thread.x_conversation_id)
    )
    assert later.conversation == target
    unmerge(source, by=ana)
    assert again(later).conversation == source


def test_one_thread_of_x_in_both_becomes_one_and_two_again(private, acme, carla, ana, says):
    target = make_conversation(acme, carla)
    twin = make_thread(target, "dm", private.thread.x_conversation_id)
    newer = make_message(twin, "Newer")
    merge(private.conversation, into=target, by=ana)
    assert Thread.objects.get() == twin
    assert [message.text for message in twin.messages.in_order()] == ["In private", "Newer"]
    unmerge(private.conversation, by=ana)
    assert (said_in(private.conversation), said_in(target)) == ({"In private"}, {"Newer"})
    assert again(private).thread.conversation == private.conversation
    assert again(newer).thread == twin


def test_an_invitation_goes_with_its_thread(private, public, ana):
    invite(public.thread, Said("Write to us", uuid4()), by=ana)
    merge(public.conversation, into=private.conversation, by=ana)
    assert Handoff.objects.get().conversation == private.conversation
    unmerge(public.conversation, by=ana)
    assert Handoff.objects.get().conversation == public.conversation


def test_twice_is_once(private, public, ana, ben):
    source, target = public.conversation, private.conversation
    assert merge(source, into=target, by=ana) == merge(source, into=target, by=ben)
    assert kinds(target) == ["merged"]
    assert unmerge(source, by=ana) is not None
    assert unmerge(source, by=ben) is None
    assert kinds(target) == ["merged", "unmerged"]


def test_one_that_is_gone_takes_nothing_and_goes_nowhere_else(private, public, acme, carla, ana):
    third = make_conversation(acme, carla)
    merge(public.conversation, into=private.conversation, by=ana)
    with pytest.raises(AlreadyMerged):
        merge(public.conversation, into=third, by=ana)
    with pytest.raises(MergedAway):
        merge(third, into=public.conversation, by=ana)
    merge(private.conversation, into=third, by=ana)
    with pytest.raises(MergedAway):
        unmerge(public.conversation, by=ana)


def test_nothing_is_done_with_one_that_is_gone(private, public, ana, ask):
    source = public.conversation
    merge(source, into=private.conversation, by=ana)
    for deed in (claim, reopen, resolve):
        with pytest.raises(MergedAway):
            deed(source, by=ana)
    assert ask(ana, "post", "assignment", source.pk).status_code == 409
    assert ask(ana, "post", "status", source.pk, status="open").status_code == 409
    noted = ask(ana, "post", "notes", source.pk, text="Hm", client_key=uuid4())
    assert noted.status_code == 409
    assert source.notes.count() == private.conversation.notes.count() == 0


def test_only_one_person_with_one_brand(private, public, acme, globex, carla, ana, zoe, ask):
    elsewhere = make_conversation(globex, carla)
    somebody = make_conversation(acme, make_contact())
    assert ask(ana, "post", "merge", public.conversation_id, into=somebody.pk).status_code == 422
    itself = ask(ana, "post", "merge", public.conversation_id, into=public.conversation_id)
    assert itself.status_code == 422
    foreign = ask(ana, "post", "merge", public.conversation_id, into=elsewhere.pk)
    assert foreign.status_code == 404
    theirs = ask(zoe, "post", "merge", public.conversation_id, into=private.conversation_id)
    assert theirs.status_code == 404
    with pytest.raises(PermissionDenied):
        merge(public.conversation, into=private.conversation, by=zoe)
    with pytest.raises(NotTheSame):
        merge(public.conversation, into=elsewhere, by=ana)
    assert not Merge.objects.exists()


def test_it_waits_for_what_is_on_its_way(private, public, ana, ask):
    reply(public.thread, Said("Hello", uuid4()), by=ana)
    sent = sending.take_next(public.conversation_id)
    assert sent is not None
    with pytest.raises(OnItsWay):
        merge(public.conversation, into=private.conversation, by=ana)
    asked = ask(ana, "post", "merge", public.conversation_id, into=private.conversation_id)
    assert asked.status_code == 409
    make_thread(public.conversation)
    with pytest.raises(OnItsWay):
        split(public.thread, by=ana)


def test_what_is_queued_goes_out_where_it_is(private, public, ana):
    queued = reply(public.thread, Said("Hello", uuid4()), by=ana)
    merge(public.conversation, into=private.conversation, by=ana)
    assert sending.take_next(public.conversation_id) is None
    assert sending.take_next(private.conversation_id) == queued


def test_a_reply_typed_before_lands_where_the_thread_is(private, public, ana, ask):
    stale = Thread.objects.select_related("conversation").get(pk=public.thread_id)
    merge(public.conversation, into=private.conversation, by=ana)
    message = reply(stale, Said("Hello", uuid4()), by=ana)
    assert (message.conversation, message.thread) == (private.conversation, public.thread)


def test_a_reply_to_a_thread_that_was_folded_is_refused(private, acme, carla, ana):
    target = make_conversation(acme, carla)
    make_thread(target, "dm", private.thread.x_conversation_id)
    stale = Thread.objects.get(pk=private.thread_id)
    merge(private.conversation, into=target, by=ana)
    with pytest.raises(ThreadMoved):
        reply(stale, Said("Hello", uuid4()), by=ana)
    assert not Message.objects.filter(direction="out").exists()


def test_a_page_that_has_not_heard_of_it_is_led_to_the_other(private, acme, carla, ana, zoe, ask):
    target = make_conversation(acme, carla)
    make_thread(target, "dm", private.thread.x_conversation_id)
    merge(private.conversation, into=target, by=ana)
    said = {"text": "Hello", "client_key": uuid4(), "seen_through": private.pk}
    answer = ask(ana, "post", "replies", private.thread_id, **said)
    assert answer.status_code == 409
    toast = json.loads(answer["HX-Trigger"])["toast"]["text"]
    source = private.conversation
    assert f"#{source.pk} was merged into #{target.pk}." in toast
    assert "Nothing was sent; what you typed is kept." in toast
    assert f'id="conversation" data-number="{source.pk}"' in answer.text
    assert f'href="/conversations/{target.pk}/' in answer.text
    assert not Message.objects.filter(direction="out").exists()
    assert ask(zoe, "post", "replies", private.thread_id, **said).status_code == 404
    # Two again, its threads have other keys.
    unmerge(source, by=ana)
    assert ask(ana, "post", "replies", private.thread_id, **said).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_who_answers_while_it_is_merged_is_led_there_too(private, acme, carla, ana, ask):
    target = make_conversation(acme, carla)
    make_thread(target, "dm", private.thread.x_conversation_id)
    said = {"text": "Hello", "client_key": uuid4(), "seen_through": private.pk}

    def answer() -> HttpResponse:
        return ask(ana, "post", "replies", private.thread_id, **said)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked(private.conversation_id)
            late = pool.submit(elsewhere, answer)
            wait_until_waiting()
            merge(private.conversation, into=target, by=ana)
        told = late.result()
    assert told.status_code == 409
    assert f"was merged into #{target.pk}." in json.loads(told["HX-Trigger"])["toast"]["text"]
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_replies_meanwhile_is_never_in_the_wrong_place(private, public, ana, ben):
    """Trust G7: merged and made two again, over and over, while replies are written."""
    source, target, rounds = public.conversation, private.conversation, 8
    barrier = Barrier(2)

    def rearrange() -> None:
        for _ in range(rounds):
            barrier.wait()
            merge(source, into=target, by=ana)
            unmerge(source, by=ana)

    def answer() -> None:
        for number in range(rounds):
            thread = Thread.objects.select_related("conversation__brand").get(pk=public.thread_id)
            barrier.wait()
            reply(thread, Said(f"Reply {number}", uuid4()), by=ben)

    def work(deed: Callable[[], None]) -> None:
        try:
            deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, deed) for deed in (rearrange, answer)]:
            done.result()
    assert said_in(source) == {"In public", *(f"Reply {number}" for number in range(rounds))}
    assert said_in(target) == {"In private"}
    assert (again(source).message_count, again(target).message_count) == (rounds + 1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_merge_against_each_other_one_is_told(private, public, ana, ben):
    barrier = Barrier(2)

    def work(person, source, target):
        try:
            barrier.wait()
            merge(source, into=target, by=person)
        except MergedAway:
            return "told"
        finally:
            connection.close()
        return "merged"

    pairs = [(ana, public, private), (ben, private, public)]
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(work, who, a.conversation, b.conversation) for who, a, b in pairs]
        assert sorted(one.result() for one in done) == ["merged", "told"]
    assert Merge.objects.count() == 1


# Splitting


@pytest.fixture
def both(conversation, dm_thread, public_thread) -> Conversation:
    make_message(public_thread, "In public")
    make_message(dm_thread, "In private")
    return conversation


def test_a_thread_gets_a_conversation_of_its_own(both, dm_thread, ana, ask):
    claim(both, by=ana)
    answer = ask(ana, "post", "split", dm_thread.pk)
    apart = Conversation.objects.exclude(pk=both.pk).get()
    assert answer["HX-Redirect"].startswith(f"/conversations/{apart.pk}/")
    assert (said_in(both), said_in(apart)) == ({"In public"}, {"In private"})
    assert (again(both).has_dm, apart.has_dm, apart.assignee) == (False, True, ana)
    assert (apart.follows, apart.status, apart.message_count) == (both, "open", 1)
    assert kinds(both)[-1] == kinds(apart)[-1] == "split"


def test_what_comes_next_goes_with_the_thread(both, dm_thread, acme, ana, says):
    apart = split(dm_thread, by=ana)
    message = receive(acme, says("And?", x_conversation_id=dm_thread.x_conversation_id))
    assert message.conversation == apart


def test_who_came_by_an_invitation_is_not_led_back(both, public_thread, dm_thread, acme, ana, says):
    invitation = invite(public_thread, Said("Write to us", uuid4()), by=ana)
    with transaction.atomic():
        sending.take_next(both.pk)
    x_id = int(dm_thread.messages.get().external_id) + 1
    sending.confirm_sent(
        invitation.pk, external_id=str(x_id), sequence=x_id, sent_at=timezone.now()
    )
    x_conversation_id = dm_thread.x_conversation_id
    came = receive(acme, says("Here I am", at=timezone.now(), x_conversation_id=x_conversation_id))
    assert Handoff.objects.get().arrival == came
    apart = split(dm_thread, by=ana)
    message = receive(acme, says("And?", x_conversation_id=x_conversation_id))
    assert message.conversation == apart


def test_the_only_thread_stays_and_twice_is_refused(both, dm_thread, ana, ask):
    assert ask(ana, "post", "split", dm_thread.pk).status_code == 200
    assert ask(ana, "post", "split", dm_thread.pk).status_code == 409
    with pytest.raises(OnlyThread):
        split(again(dm_thread), by=ana)
    assert Conversation.objects.count() == 2


def test_who_works_elsewhere_splits_nothing(both, dm_thread, zoe, olga, ask):
    for person in (zoe, olga):
        assert ask(person, "post", "split", dm_thread.pk).status_code == 404
        with pytest.raises(PermissionDenied):
            split(dm_thread, by=person)


def test_merging_undoes_a_split(both, dm_thread, ana):
    apart = split(dm_thread, by=ana)
    merge(apart, into=both, by=ana)
    assert said_in(both) == {"In public", "In private"}
