"""Words that a team says often: `inbox.actions.saved_replies` and what the composer asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse

from accounts.models import BrandAccount
from inbox.actions.inviting import invite
from inbox.actions.replies import Said, reply
from inbox.actions.saved_replies import (
    MOST_SAVED_REPLIES,
    SavedReplyChanged,
    SavedReplyGone,
    add_saved_reply,
    change_saved_reply,
    remove_saved_reply,
)
from inbox.models import SavedReply, SavedReplyUse
from tests.factories import make_message
from tests.locks import elsewhere, wait_until_waiting


@pytest.fixture
def ask(client, sign_in, acme):
    """`ask(ana, kind="dm")`: what the composer is offered."""

    def ask(user, **query: str) -> Any:
        return sign_in(client, user).get(reverse("inbox:saved-replies", args=[acme.pk]), query)

    return ask


@pytest.fixture
def post(client, sign_in, acme):
    """`post(sam, shortcut="late", …)`: a new one, or with `saved` other words for it."""

    def post(user, saved: SavedReply | None = None, **fields: str) -> Any:
        form = {"shortcut": "late", "text": "It is late, sorry!", "kind": "any"} | fields
        address = (
            reverse("inbox:saved-reply", args=[saved.pk])
            if saved
            else reverse("inbox:saved-replies", args=[acme.pk])
        )
        return sign_in(client, user).post(address, form)

    return post


def shortcuts(answer: Any) -> list[str]:
    return [saved["shortcut"] for saved in answer.json()["saved_replies"]]


def test_a_manager_writes_one_and_agents_are_offered_it(post, ask, sam, ana, acme):
    made = post(sam, shortcut="Late", text="  It is late, sorry! ")
    assert made.status_code == 201
    saved = SavedReply.objects.get()
    assert (saved.shortcut, saved.text, saved.changed_by) == ("late", "It is late, sorry!", sam)
    told = {"id": saved.pk, "shortcut": "late", "kind": "any", "text": "It is late, sorry!"}
    assert made.json() == told
    assert ask(ana).json() == {"saved_replies": [told]}


def test_only_what_suits_the_kind_is_offered(post, ask, sam, ana):
    for kind in ("any", "dm", "public"):
        post(sam, shortcut=f"x-{kind}", kind=kind)
    assert shortcuts(ask(ana)) == ["x-any", "x-dm", "x-public"]
    assert shortcuts(ask(ana, kind="dm")) == ["x-any", "x-dm"]
    assert shortcuts(ask(ana, kind="public")) == ["x-any", "x-public"]


def test_it_is_changed_and_removed(post, ask, client, sam, ana):
    post(sam)
    saved = SavedReply.objects.get()
    assert post(sam, saved, shortcut="delay", text="Sorry!").status_code == 200
    assert shortcuts(ask(ana)) == ["delay"]
    client.force_login(sam)
    assert client.delete(reverse("inbox:saved-reply", args=[saved.pk])).status_code == 204
    assert shortcuts(ask(ana)) == []


def test_a_shortcut_is_one_replys_alone(post, sam):
    post(sam)
    again = post(sam, shortcut="LATE", text="Other words")
    assert again.status_code == 409
    assert again.json()["wrong"]["shortcut"] == ["There is a saved reply “late” already."]
    assert SavedReply.objects.get().text == "It is late, sorry!"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "  "),
        ("text", "a" * 10_001),
        ("text", "Hello {name}, sorry!"),
        ("shortcut", ""),
        ("shortcut", "two words"),
        ("shortcut", "a" * 31),
        ("kind", "letter"),
    ],
)
def test_what_could_not_be_used_is_refused(post, sam, field, value):
    answer = post(sam, **{field: value})
    assert answer.status_code == 422
    assert list(answer.json()["wrong"]) == [field]
    assert not SavedReply.objects.exists()


def test_one_for_public_fits_a_post(post, sam):
    assert post(sam, kind="public", text="a" * 281).status_code == 422
    assert post(sam, kind="dm", text="a" * 281).status_code == 201


def test_a_handle_has_so_many_at_most(post, sam, acme):
    SavedReply.objects.bulk_create(
        SavedReply(brand=acme, shortcut=f"x{number}", text="Words")
        for number in range(MOST_SAVED_REPLIES)
    )
    refused = post(sam)
    assert refused.status_code == 422
    assert "Remove one first" in str(refused.json()["wrong"])
    assert post(sam, SavedReply.objects.get(shortcut="x7"), shortcut="late").status_code == 200


def test_the_same_twice_is_one(post, sam):
    first, again = post(sam), post(sam)
    assert (again.status_code, again.json()) == (201, first.json())
    assert SavedReply.objects.count() == 1


def test_what_is_removed_does_not_come_back_by_a_change(post, sam):
    post(sam)
    saved = SavedReply.objects.get()
    saved_as_seen = SavedReply.objects.get()
    saved.delete()
    words = {"shortcut": "late", "text": "Back", "kind": "any"}
    with pytest.raises(SavedReplyGone):
        change_saved_reply(saved_as_seen, by=sam, **words)
    assert not SavedReply.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_it_at_once_the_second_is_told(sam, ada, acme):
    saved = add_saved_reply(acme, by=sam, shortcut="late", text="Late", kind="any")
    seen = {"kind": "any", "shortcut": "late", "seen_at": saved.changed_at}
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            SavedReply.objects.select_for_update().get()
            deeds = [
                pool.submit(elsewhere, change_saved_reply, saved, by=by, text=by.name, **seen)
                for by in (sam, ada)
            ]
            wait_until_waiting(2)
        ends = [deed.exception() for deed in deeds]
    [told] = [end for end in ends if end is not None]
    assert isinstance(told, SavedReplyChanged)
    saved.refresh_from_db()
    assert told.saved.text == saved.text == saved.changed_by.name


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_last_place(sam, acme):
    SavedReply.objects.bulk_create(
        SavedReply(brand=acme, shortcut=f"x{number}", text="Words")
        for number in range(MOST_SAVED_REPLIES - 1)
    )
    words = {"by": sam, "text": "Words", "kind": "any"}
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            BrandAccount.objects.select_for_update().get(pk=acme.pk)
            deeds = [
                pool.submit(elsewhere, add_saved_reply, acme, shortcut=shortcut, **words)
                for shortcut in ("one", "other")
            ]
            wait_until_waiting(2)
        ends = [type(deed.exception()) for deed in deeds]
    assert sorted(end.__name__ for end in ends) == ["NoneType", "TooManySavedReplies"]
    assert acme.saved_replies.count() == MOST_SAVED_REPLIES


def test_agents_use_them_and_write_none(post, client, ana, sam):
    post(sam)
    saved = SavedReply.objects.get()
    assert post(ana, shortcut="mine").status_code == 403
    assert post(ana, saved, text="Mine").status_code == 403
    assert client.delete(reverse("inbox:saved-reply", args=[saved.pk])).status_code == 403


def test_those_of_another_handle_are_not_there(post, ask, sam, zoe, acme, olga):
    post(sam)
    saved = SavedReply.objects.get()
    for person in (zoe, olga):
        assert ask(person).status_code == 404
        assert post(person, saved, text="Mine").status_code == 404
        assert not SavedReply.objects.visible_to(person).exists()
        with pytest.raises(PermissionDenied):
            add_saved_reply(acme, by=person, shortcut="mine", text="Mine", kind="any")


# In the composer


@pytest.fixture
def saved(acme, sam) -> SavedReply:
    return add_saved_reply(acme, by=sam, shortcut="late", text="It is late, sorry!", kind="any")


def test_the_composer_lists_what_suits_and_asks_for_the_words(
    show, ana, acme, sam, saved, question
):
    add_saved_reply(acme, by=sam, shortcut="aloud", text="Hello all", kind="public")
    page = show(ana).text
    assert f'data-saved-replies-id-param="{saved.pk}"' in page
    assert "/aloud" not in page


def test_without_any_it_says_who_writes_the_first(show, ana, sam, question):
    assert "Its managers and admins can write some." in show(ana).text
    assert reverse("inbox:saved-reply-new", args=["acme"]) not in show(ana).text
    assert f'href="{reverse("inbox:saved-reply-new", args=["acme"])}"' in show(sam).text


def test_a_reply_remembers_with_which_it_was_begun(client, sign_in, ana, saved, question):
    form = {"text": "It is late, sorry! So am I", "client_key": uuid4(), "saved_reply": saved.pk}
    address = reverse("inbox:replies", args=[question.thread_id])
    browser = sign_in(client, ana)
    for _ in range(2):
        assert browser.post(address, form).status_code == 200
    use = SavedReplyUse.objects.get()
    assert (use.saved_reply, use.shortcut, use.message.text) == (saved, "late", form["text"])
    saved.delete()
    use.refresh_from_db()
    assert (use.saved_reply, use.shortcut) == (None, "late")


def test_one_that_is_gone_or_of_another_handle_is_not_remembered(ana, globex, question):
    foreign = SavedReply.objects.create(brand=globex, shortcut="late", text="Late")
    for key in (foreign.pk, 999_999):
        reply(question.thread, Said(f"Hello {key}", uuid4(), saved_reply=key), by=ana)
    assert not SavedReplyUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_reply_goes_out_though_what_it_was_begun_with_is_removed_at_that_moment(
    ana, sam, saved, question
):
    said = Said(text="It is late, sorry!", client_key=uuid4(), saved_reply=saved.pk)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            remove_saved_reply(saved, by=sam)
            replied = pool.submit(elsewhere, reply, question.thread, by=ana, said=said)
            wait_until_waiting()
        assert replied.result().state == "queued"
    assert not SavedReplyUse.objects.exists()


def test_an_invitation_of_several_posts_remembers_it_with_the_post_that_has_the_link(
    ana, saved, public_thread
):
    make_message(public_thread, "@acme help")
    text = "We are sorry that it is late, and look into it. " * 8
    invite(public_thread, Said(text, uuid4(), posts=2, saved_reply=saved.pk), by=ana)
    assert SavedReplyUse.objects.filter(message__handoff__isnull=False).count() == 1
