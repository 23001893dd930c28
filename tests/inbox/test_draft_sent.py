"""A draft that is sent goes, and what was typed since is told from it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.urls import reverse

from inbox.actions.chaining import whole_of
from inbox.actions.drafts import AlreadySent, save_draft
from inbox.actions.inviting import invite
from inbox.actions.notes import add_note
from inbox.actions.receiving import mark_deleted, receive
from inbox.actions.replies import Said, reply
from inbox.actions.rewording import reword
from inbox.actions.sending import confirm_sent, take_next
from inbox.actions.splitting import split
from inbox.models import Draft, Message, Note, Thread
from inbox.sequence import moment_of
from tests.factories import make_message, next_x_id
from tests.inbox.test_draft import kept


def sent(message: Message) -> Message:
    """What the sender does when X takes it now."""
    assert take_next(message.conversation_id) == message
    x_id = next_x_id()
    return confirm_sent(
        message.pk, external_id=x_id, sequence=int(x_id), sent_at=moment_of(int(x_id))
    )


def test_it_goes_when_it_is_sent_and_a_late_save_brings_nothing_back(save, ana, question):
    key = uuid4()
    version = save(ana, "On its way", key=key).json()["version"]
    save(ana, "She is a regular", mode="note")
    reply(question.thread, Said("On its way & soon", key), by=ana)
    assert kept() == [("note", "She is a regular")]
    for since in (0, version):
        late = save(ana, "On its wa", key=key, since=since)
        assert (late.status_code, late.json()) == (409, {"rest": "", "differs": False})
    assert kept() == [("note", "She is a regular")]


def test_a_note_takes_its_draft_with_it(save, ana, conversation, question):
    key = uuid4()
    save(ana, "She is a regular", mode="note", key=key)
    add_note(conversation, text="She is a regular.", by=ana, client_key=key)
    assert kept() == []
    with pytest.raises(AlreadySent) as late:
        save_draft(conversation, by=ana, mode="note", text="She", client_key=key)
    assert late.value.rest == ""


@pytest.mark.parametrize(
    ("text", "since", "left"),
    [
        ("Hello, other", "first", "Hello, first and second"),
        ("Hello, first", "first", "and second"),
        ("Hello, first and second, too", "first", ""),
        ("Hello, other", "second", ""),
    ],
    ids=["other words", "the older ones", "all of them", "the page had them"],
)
def test_words_that_only_another_page_has_stay_as_a_draft_of_their_own(
    save, ana, conversation, question, desk, text, since, left
):
    places = {
        "dm": reverse("inbox:replies", args=[question.thread_id]),
        "note": reverse("inbox:notes", args=[conversation.pk]),
    }
    for mode, address in places.items():
        key = uuid4()
        first = save(ana, "Hello, first", mode=mode, key=key).json()["version"]
        words = "Hello, first and second"
        second = save(ana, words, mode=mode, key=key, since=first).json()["version"]
        had = {"first": first, "second": second}[since]
        said = {"text": text, "client_key": key, "since": had}
        assert desk.post(address, said).status_code == 200
        assert [words for place, words in kept() if place == mode] == ([left] if left else [])
        assert not Draft.objects.filter(client_key=key).exists()


def test_an_answer_that_was_not_heard_is_of_words_the_page_had(save, ana, question):
    key = uuid4()
    save(ana, "On its wya", key=key)
    reply(question.thread, Said("On its way", key, unheard="On its wya"), by=ana)
    assert kept() == []


def test_an_invitation_takes_its_draft_with_it(save, ana, public_thread):
    key = uuid4()
    make_message(public_thread, "Nobody answers here")
    save(ana, "Write to us", mode="public", key=key)
    invite(public_thread, Said("Write to us", key), by=ana)
    assert kept() == []


def test_what_became_several_posts_is_known_by_what_was_typed(save, ana, public_thread):
    key = uuid4()
    make_message(public_thread, "Nobody answers here")
    words = "We look into it and write again. " * 10
    reply(public_thread, Said(words, key, posts=2), by=ana)
    assert save(ana, words, mode="public", key=key).json()["rest"] == ""
    more = save(ana, f"{words}And more.", mode="public", key=key).json()
    assert more == {"rest": "And more.", "differs": False}


@pytest.mark.parametrize(
    ("text", "rest", "differs"),
    [
        ("It is 5", "", False),
        ("It i", "", False),
        ("It is 5\nand a half", "and a half", False),
        ("It is 50 euros", "It is 50 euros", True),
        ("Call us", "Call us", True),
    ],
)
def test_what_was_sent_is_told_from_what_was_typed_since(
    save, ana, conversation, question, text, rest, differs
):
    """Of a number that goes on, the end alone would say something else."""
    key, note = uuid4(), uuid4()
    reply(question.thread, Said("It is 5", key), by=ana)
    add_note(conversation, text="It is 5", by=ana, client_key=note)
    told = {"rest": rest, "differs": differs}
    assert save(ana, text, key=key).json() == told
    assert save(ana, text, mode="note", key=note).json() == told


def test_it_is_known_whatever_became_of_the_message(save, acme, ana, question):
    """Other words in its place, or none since it was deleted on X."""
    key = uuid4()
    message = reply(question.thread, Said("On its way", key), by=ana)
    reword(message, by=ana, text="On its way to you")
    assert save(ana, "On its way", key=key).json()["rest"] == ""
    assert save(ana, "On its way to", key=key).json()["rest"] == ""
    message = sent(message)
    mark_deleted(acme, kind="dm", external_id=message.external_id)
    assert save(ana, "On its way", key=key).json()["rest"] == ""
    assert save(ana, "On its way. Really!", key=key).json()["differs"]
    assert save(ana, "On its way  really!", key=key).json()["rest"] == "really!"
    assert reply(question.thread, Said("On its way", key), by=ana) == message


def test_what_became_several_posts_is_known_after_their_echoes(
    save, acme, ana, says, public_thread
):
    """X has put the customer's name before each, and its own links in place of those typed."""
    key, link = uuid4(), "https://acme.com/help"
    make_message(public_thread, "Nobody answers here")
    words = f"See {link}. " + "We look into it and write again. " * 10
    first = reply(public_thread, Said(words, key, posts=2), by=ana)
    for part in whole_of(first):
        take_next(part.conversation_id)
        text = part.text.replace(link, "https://t.co/a")
        at = text.find("https://t.co/a") + len("@carla ")
        url = {"url": "https://t.co/a", "expanded_url": link, "start": at, "end": at + 14}
        echo = says(
            f"@carla {text}",
            ours=True,
            kind="public",
            x_conversation_id=public_thread.x_conversation_id,
            entities={"urls": [url] if "t.co" in text else []},
        )
        assert receive(acme, echo) == part
    assert save(ana, words, mode="public", key=key).json()["rest"] == ""
    assert save(ana, words[:200], mode="public", key=key).json()["rest"] == ""
    assert save(ana, f"{words}And more.", mode="public", key=key).json()["rest"] == "And more."
    assert reply(public_thread, Said(words, key, posts=2), by=ana) == first


def test_it_is_known_by_its_links_after_x_has_put_its_own(save, ana, question):
    key = uuid4()
    message = reply(question.thread, Said("See https://acme.com/help", key), by=ana)
    url = {"url": "https://t.co/a", "expanded_url": "https://acme.com/help", "start": 4, "end": 18}
    message.text, message.entities = "See https://t.co/a", {"urls": [url]}
    message.save()
    assert save(ana, "See https://acme.com/help", key=key).json()["rest"] == ""
    reply(question.thread, Said("See https://acme.com/help", key), by=ana)


def test_two_pages_that_send_it_with_other_words_lose_none(ana, conversation, question):
    key = uuid4()
    reply(question.thread, Said("On its way", key), by=ana)
    with pytest.raises(AlreadySent) as late:
        reply(question.thread, Said("It got lost", key), by=ana)
    assert late.value.rest == "It got lost"
    note = uuid4()
    add_note(conversation, text="A regular", by=ana, client_key=note)
    with pytest.raises(AlreadySent):
        add_note(conversation, text="Never seen before", by=ana, client_key=note)
    assert Message.objects.filter(direction="out").count() == Note.objects.count() == 1


def test_of_draft_and_reply_a_crash_keeps_exactly_one(save, ana, question):
    key = uuid4()
    save(ana, "On its way", key=key)
    with transaction.atomic():
        reply(question.thread, Said("On its way", key), by=ana)
        assert kept() == []
        transaction.set_rollback(True)  # as when the machine dies before the commit
    assert kept() == [("dm", "On its way")]
    assert not Message.objects.filter(direction="out").exists()


def test_what_is_typed_by_somebody_else_with_the_same_key_stays(save, ana, ben, question):
    key = uuid4()
    save(ana, "Dear", key=key)
    reply(question.thread, Said("Hello", key), by=ben)
    assert kept() == [("dm", "Dear")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("apart", [False, True], ids=["where it is kept", "split off meanwhile"])
def test_saved_and_sent_at_once_it_is_a_message_and_no_draft(
    conversation, question, public_thread, ana, apart
):
    rounds = 12
    barrier = Barrier(2)
    keys = [uuid4() for _ in range(rounds)]
    make_message(public_thread, "Nobody answers here")
    reply(public_thread, Said("We do", uuid4()), by=ana)
    if apart:
        split(question.thread, by=ana)

    def send() -> None:
        for key in keys:
            barrier.wait()
            thread = Thread.objects.get(pk=question.thread_id)
            reply(thread, Said("On its way", key), by=ana)

    def type_on() -> int:
        late = 0
        for key in keys:
            barrier.wait()
            try:
                save_draft(conversation, by=ana, mode="dm", text="On its way", client_key=key)
            except AlreadySent:
                late += 1
        return late

    def work(deed: Callable[[], Any]) -> Any:
        try:
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, deed) for deed in (send, type_on)]:
            done.result()
    assert Message.objects.filter(client_key__in=keys).count() == rounds
    assert kept() == []
