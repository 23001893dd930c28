"""What somebody types is kept on the server until it is sent: `inbox.actions.drafts`."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from re import DOTALL, findall
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from accounts import clock
from inbox.actions.drafts import DRAFT_LIMIT, ChangedElsewhere, let_go_forgotten, save_draft
from inbox.actions.erasing import erase_conversations
from inbox.actions.merging import merge, unmerge
from inbox.actions.notes import add_note
from inbox.actions.replies import Said, reply
from inbox.models import Conversation, Draft, Message, Note
from inbox.tasks import let_go_drafts
from tests.factories import make_conversation, make_membership, make_message, make_thread
from tests.news import heard


@pytest.fixture
def ask(client, sign_in, conversation: Conversation) -> Callable[..., dict[str, Any]]:
    """What another browser of the same person is told."""

    def ask(user) -> dict[str, Any]:
        address = reverse("inbox:drafts", args=[conversation.pk])
        drafts: dict[str, Any] = sign_in(client, user).get(address).json()["drafts"]
        return drafts

    return ask


def kept() -> list[tuple[str, str]]:
    told = Draft.objects.exclude(text="").order_by("mode")
    return list(told.values_list("mode", "text"))


def held(page: str) -> dict[str, dict[str, Any]]:
    """What each form of the composer is given to begin with."""
    forms = findall(r'id="path-([\w-]+)-form".*?data-draft-sync-held-value=\'(.*?)\'', page, DOTALL)
    return {mode: json.loads(unescape(told)) for mode, told in forms}


# Kept


def test_it_comes_back_with_the_page_and_when_asked(save, ask, show, ana, question):
    key = uuid4()
    words = '5 < 6 & "so" it\'s\non'
    version = save(ana, words, key=key, answering="77", seen_through=question.pk).json()["version"]
    told = {
        "text": words,
        "clientKey": str(key),
        "answering": "77",
        "seen": str(question.pk),
        "version": version,
    }
    assert held(show(ana).text) == {"dm": told, "note": {}}
    assert ask(ana) == {"dm": told}


def test_what_is_typed_next_takes_its_place_and_is_newer(save, ana, question):
    key = uuid4()
    first = save(ana, "Dera", key=key).json()["version"]
    second = save(ana, "Dear Carla", key=key, since=first).json()["version"]
    assert second > first
    assert kept() == [("dm", "Dear Carla")]


def test_the_same_again_is_the_same(save, ana, question):
    key = uuid4()
    first = save(ana, "Dear Carla", key=key).json()
    assert save(ana, "Dear Carla", key=key).json() == first


def test_another_post_to_answer_is_kept_with_the_same_words(save, ask, ana, question):
    key = uuid4()
    save(ana, "Dear Carla", mode="public", key=key, answering="77")
    save(ana, "Dear Carla", mode="public", key=key, answering="78")
    assert ask(ana)["public"]["answering"] == "78"


@pytest.mark.parametrize("switches", [100])
def test_notes_and_replies_never_share_one(
    save, show, ana, acme, conversation, question, public_thread, switches
):
    """Trust G9, and then all of them are sent."""
    make_message(public_thread, "Nobody answers here")
    keys = {mode: uuid4() for mode in ("dm", "note", "public")}
    versions = dict.fromkeys(keys, 0)
    for number in range(switches):
        mode = ("dm", "note", "public")[number % 3]
        answer = save(ana, f"{mode} {number}", mode=mode, key=keys[mode], since=versions[mode])
        versions[mode] = answer.json()["version"]
    assert kept() == [("dm", "dm 99"), ("note", "note 97"), ("public", "public 98")]
    forms = held(show(ana).text)
    assert {mode: form["text"] for mode, form in forms.items()} == dict(kept())
    for mode, send_in in (("public", public_thread), ("dm", question.thread)):
        reply(send_in, Said(forms[mode]["text"], keys[mode]), by=ana)
    add_note(conversation, text=forms["note"]["text"], by=ana, client_key=keys["note"])
    outbound = Message.objects.filter(direction="out").order_by("kind")
    assert [(one.kind, one.text) for one in outbound] == [("dm", "dm 99"), ("public", "public 98")]
    assert Note.objects.get().text == "note 97"
    assert kept() == []


def test_an_emptied_one_is_gone_and_a_late_save_brings_nothing_back(save, ana, question):
    key = uuid4()
    version = save(ana, "Dear", key=key).json()["version"]
    assert save(ana, "", key=key, since=version).json() == {"version": 0}
    assert kept() == []
    late = save(ana, "Dear C", key=key, since=version)
    emptied = Draft.objects.get().version
    assert (late.status_code, late.json()) == (409, {"draft": None, "version": emptied})
    assert save(ana, "", key=key, since=version).json() == {"version": 0}
    assert kept() == []


@pytest.mark.parametrize("is_late", [False, True])
def test_one_that_was_emptied_before_its_first_save_was_answered_stays_gone(
    save, ask, ana, question, is_late
):
    """Whichever of the two comes first: the page was left, and nobody hears the answers."""
    key = uuid4()
    asked = [("Dear", ""), ("", "Dear")]
    for text, unheard in reversed(asked) if is_late else asked:
        save(ana, text, key=key, unheard=unheard)
    assert ask(ana) == {}
    # What is typed then is a draft again, with this key or another.
    told = save(ana, "Dear Carla", key=key).json()
    assert save(ana, "Dear Carla", key=key, since=told["version"]).status_code == 200
    save(ana, "", key=key, since=ask(ana)["dm"]["version"])
    assert save(ana, "Good day", key=uuid4()).status_code == 200
    assert kept() == [("dm", "Good day")]


def test_what_was_changed_before_its_first_save_was_answered_takes_its_place(save, ana, question):
    key = uuid4()
    save(ana, "Dear", key=key)
    assert save(ana, "Good day", key=key, unheard="Dear").status_code == 200
    assert save(ana, "Hello", key=key, unheard="Dear").status_code == 409
    assert save(ana, "Hello", key=uuid4(), unheard="Good day").status_code == 409
    assert kept() == [("dm", "Good day")]


# One's own


def test_it_is_its_authors_alone(save, ask, show, ana, ben, sam, ada, question):
    save(ana, "Dear Carla")
    for other in (ben, sam, ada):
        assert "Dear Carla" not in show(other).text
        assert ask(other) == {}
        assert not Draft.objects.visible_to(other).exists()
    save(ben, "Hello Carla")
    assert ask(ana)["dm"]["text"] == "Dear Carla"
    assert ask(ben)["dm"]["text"] == "Hello Carla"


@pytest.mark.django_db(transaction=True)
def test_nobody_hears_of_it(save, ana, question):
    before = Conversation.objects.get().version
    with heard() as news:
        save(ana, "Dear Carla")
        assert news() == []
    assert Conversation.objects.get().version == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["emptied", "sent"])
def test_that_it_is_gone_its_author_alone_is_told_by_ids(way, save, acme, ana, dm_thread, question):
    key = uuid4()
    version = save(ana, "Dear Carla", key=key).json()["version"]
    with heard() as news:
        if way == "emptied":
            save(ana, "", key=key, since=version)
            save(ana, "", key=key, since=version)
        else:
            reply(dm_thread, Said("Dear Carla", key), by=ana)
        (told,) = [one for one in news() if one["what"] == "draft"]
    assert told.pop("at")
    number = question.conversation_id
    assert told == {"id": number, "brand": acme.pk, "what": "draft", "to": ana.pk}


def test_who_leaves_the_handle_loses_sight_of_it(save, ana, acme, question):
    save(ana, "Dear Carla")
    ana.memberships.all().delete()
    assert not Draft.objects.visible_to(ana).exists()
    make_membership(ana, acme)
    assert Draft.objects.visible_to(ana).exists()


def test_words_of_another_handle_are_nobodys(save, zoe, olga, conversation):
    assert save(zoe, "Mine").status_code == 404
    for person in (zoe, olga):
        with pytest.raises(PermissionDenied):
            save_draft(conversation, by=person, mode="dm", text="Mine", client_key=uuid4())


# Two pages


def test_what_was_gone_on_with_elsewhere_is_told_and_stays(save, ana, question):
    key = uuid4()
    seen = save(ana, "Dear", key=key).json()["version"]
    newer = save(ana, "Good day", key=key, since=seen).json()["version"]
    older = save(ana, "Dear Carl", key=key, since=seen)
    assert older.status_code == 409
    told = older.json()["draft"]
    assert (told["text"], told["version"]) == ("Good day", newer)
    assert kept() == [("dm", "Good day")]
    # Its author has seen it and decides.
    save(ana, "Dear Carl", key=key, since=told["version"])
    assert kept() == [("dm", "Dear Carl")]


def test_it_can_not_be_emptied_unseen(save, ana, question):
    key = uuid4()
    seen = save(ana, "Dear", key=key).json()["version"]
    save(ana, "Dear Carla", key=key, since=seen)
    assert save(ana, "", key=key, since=seen).status_code == 409
    assert kept() == [("dm", "Dear Carla")]


def test_who_never_heard_that_it_was_kept_goes_on(save, ana, question):
    """The answer got lost, and more was typed: no word of it is missing."""
    key = uuid4()
    save(ana, "Dear", key=key)
    assert save(ana, "Dear Carla", key=key).status_code == 200
    assert save(ana, "Dear Carla and all", key=uuid4()).status_code == 409
    assert kept() == [("dm", "Dear Carla")]


@pytest.mark.django_db(transaction=True)
def test_of_two_pages_that_save_at_once_one_is_told(conversation, question, ana):
    barrier = Barrier(2)
    first = save_draft(conversation, by=ana, mode="dm", text="Dear", client_key=uuid4())
    assert first is not None

    def write(text: str) -> str:
        try:
            barrier.wait()
            save_draft(
                conversation,
                by=ana,
                mode="dm",
                text=text,
                client_key=first.client_key,
                since=first.version,
            )
        except ChangedElsewhere as error:
            return error.draft.text if error.draft else ""
        finally:
            connection.close()
        return text

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(write, text) for text in ("Hello", "Good day")]
        told = {one.result() for one in done}
    assert told == {Draft.objects.get().text}
    assert told < {"Hello", "Good day"}


# Moved, erased, refused


def test_it_goes_along_when_the_conversation_is_merged(save, ask, acme, carla, ana, ben, question):
    other = make_message(make_thread(make_conversation(acme, carla), "public"), "In public")
    key = uuid4()
    version = save(ana, "Dear", key=key).json()["version"]
    save(ben, "Hello")
    save_draft(other.conversation, by=ben, mode="dm", text="Good day", client_key=uuid4())
    save_draft(other.conversation, by=ana, mode="dm", text="", client_key=uuid4())
    merge(question.conversation, into=other.conversation, by=ana)
    # The page has not heard of it.
    save(ana, "Dear Carla", key=key, since=version)
    there = Draft.objects.filter(conversation=other.conversation)
    assert set(there.values_list("author__name", "text")) == {
        (ana.name, "Dear Carla"),
        (ben.name, "Good day"),
    }
    unmerge(question.conversation, by=ana)
    assert ask(ben)["dm"]["text"] == "Hello"


def test_it_is_erased_with_the_conversation(save, acme, ana, ben, question):
    save(ana, "Dear Carla")
    save(ben, "She is a regular", mode="note")
    erase_conversations(acme, limit=10)
    assert kept() == []


def test_what_nobody_goes_on_with_is_let_go_after_ninety_days(save, ask, ana, ben, question):
    key = uuid4()
    version = save(ana, "Dear Carla", key=key).json()["version"]
    save(ana, "", mode="note")
    ninety_days_ago = clock.now() - timedelta(days=90)
    Draft.objects.update(saved_at=ninety_days_ago + timedelta(hours=1))
    save(ben, "Hello Carla")
    assert let_go_forgotten() == 0
    Draft.objects.filter(author=ana).update(saved_at=ninety_days_ago)
    let_go_drafts()
    assert let_go_forgotten() == 0
    assert (ask(ana), ask(ben)["dm"]["text"]) == ({}, "Hello Carla")
    # A page that was open all the time hears that it is gone, and may begin anew.
    late = save(ana, "Dear Carla,", key=key, since=version)
    assert (late.status_code, late.json()) == (409, {"draft": None, "version": 0})
    assert save(ana, "Dear Carla,", key=key).status_code == 200


def test_going_on_with_it_keeps_it(save, ana, question):
    key = uuid4()
    version = save(ana, "Dear", key=key).json()["version"]
    Draft.objects.update(saved_at=clock.now() - timedelta(days=91))
    save(ana, "Dear Carla", key=key, since=version)
    assert let_go_forgotten() == 0


def test_that_of_somebody_who_left_is_let_go_like_any_other(save, ana, question):
    save(ana, "Dear Carla")
    ana.memberships.all().delete()
    Draft.objects.update(saved_at=clock.now() - timedelta(days=91))
    assert let_go_forgotten() == 1


def test_one_that_is_too_long_is_refused_and_the_last_one_stays(save, ana, question):
    key = uuid4()
    version = save(ana, "Dear", key=key).json()["version"]
    answer = save(ana, "a" * (DRAFT_LIMIT + 1), key=key, since=version)
    assert answer.status_code == 422
    assert "20,000 characters" in answer.json()["wrong"]
    assert kept() == [("dm", "Dear")]


@pytest.mark.parametrize(
    "wrong", [{"mode": "letter"}, {"mode": "dm-x"}, {"since": -1}, {"key": "no key"}]
)
def test_what_can_not_be_one_is_refused(save, ana, question, wrong):
    assert save(ana, "Hello", **wrong).status_code == 422
    assert kept() == []
