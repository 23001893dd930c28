"""The pages on which a team reads what it says often, and its managers write it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts import clock
from accounts.models import BrandAccount, Role, User
from inbox.actions.saved_replies import add_saved_reply, change_saved_reply, remove_saved_reply
from inbox.models import ChainPart, Message, SavedReply, SavedReplyUse, Thread
from inbox.sequence import sequence_at
from tests.factories import make_membership, make_message

# Session, person, handle, the list, uses, handles, role; roles and lost handles for the frame.
QUERIES = 9
WORDS = {"shortcut": "late", "text": "It is late, sorry!", "kind": "any"}


@pytest.fixture
def saved(acme: BrandAccount, sam: User) -> SavedReply:
    return add_saved_reply(acme, by=sam, **WORDS)


@pytest.fixture
def page(client, sign_in) -> Callable[..., Any]:
    """`page(sam, "edit", saved.pk, shortcut=…)`: looks, or with fields posts."""

    def page(user: User, name: str = "", *keys: int, handle: str = "acme", **fields: Any) -> Any:
        which = f"saved-reply-{name}" if name else "saved-replies-of"
        address = reverse(f"inbox:{which}", args=[handle, *keys])
        browser = sign_in(client, user)
        return browser.post(address, fields) if fields else browser.get(address)

    return page


def seen(saved: SavedReply) -> str:
    """As the form that was opened then has it."""
    return saved.changed_at.isoformat()


def used(saved: SavedReply, thread: Thread, *, days_ago: int = 0, **fields: Any) -> Message:
    sent_at = clock.now() - timedelta(days=days_ago)
    named = {"sent_at": sent_at, "sequence": sequence_at(sent_at)} | fields
    message = make_message(thread, saved.text, ours=True, **named)
    SavedReplyUse.objects.create(message=message, saved_reply=saved, shortcut=saved.shortcut)
    return message


# Reading


def test_everybody_of_the_handle_reads_and_managers_have_the_ways_to_change(page, ana, sam, saved):
    read, written = page(ana).text, page(sam).text
    for text in (read, written):
        assert "/late" in text
        assert "It is late, sorry!" in text
        assert "Not used in 30 days" in text
        assert "Sam Manager" in text
    edit = reverse("inbox:saved-reply-edit", args=["acme", saved.pk])
    assert edit in written
    assert edit not in read
    assert "Managers and admins of @acme write them." in read


def test_managers_find_it_in_the_top_bar(client, sign_in, page, sam, ana):
    address = reverse("inbox:saved-replies-home")
    assert f'href="{address}"' in page(sam).text
    assert f'href="{address}"' not in page(ana).text
    assert sign_in(client, sam).get(address)["Location"] == "/saved-replies/@acme/"


def test_the_way_leads_to_a_handle_that_one_manages(client, sign_in, globex, ana):
    make_membership(ana, globex, Role.MANAGER)
    address = reverse("inbox:saved-replies-home")
    assert sign_in(client, ana).get(address)["Location"] == "/saved-replies/@globex/"
    assert "@acme" in client.get("/saved-replies/@globex/").text


def test_where_there_is_none_it_says_who_writes_the_first(page, ana, sam):
    assert "Add the first" in page(sam).text
    assert "What the managers and admins of @acme write here" in page(ana).text
    assert "Add the first" not in page(ana).text


def test_those_of_another_handle_are_not_there(page, zoe, nia, sam, saved):
    for person in (zoe, nia):
        assert page(person).status_code == 404
        for name, keys in (("new", ()), ("edit", (saved.pk,)), ("removal", (saved.pk,))):
            assert page(person, name, *keys).status_code == 404
            assert page(person, name, *keys, **WORDS).status_code == 404
    own = page(nia, handle="globex")
    assert "/late" not in own.text
    foreign = page(nia, "edit", saved.pk, handle="globex", **WORDS | {"text": "Mine"})
    assert foreign.status_code == 404
    assert "It is late" not in foreign.text
    saved.refresh_from_db()
    assert saved.text == WORDS["text"]


def test_agents_are_refused(page, ana, saved):
    for name, keys in (("new", ()), ("edit", (saved.pk,)), ("removal", (saved.pk,))):
        assert page(ana, name, *keys).status_code == 403
        assert page(ana, name, *keys, **WORDS | {"text": "Mine"}).status_code == 403
    assert SavedReply.objects.get().text == WORDS["text"]


def test_it_tells_how_many_answers_of_thirty_days_were_begun_with_it(
    page, ana, saved, dm_thread, public_thread
):
    used(saved, dm_thread)
    used(saved, dm_thread, days_ago=29)
    used(saved, dm_thread, days_ago=31)
    used(saved, dm_thread, state="cancelled", external_id=None)
    first, second = used(saved, public_thread), used(saved, public_thread)
    ChainPart.objects.create(message=first, number=1, of=2)
    ChainPart.objects.create(message=second, before=first, number=2, of=2)
    assert "Used 3 times in 30 days" in page(ana).text


def test_it_costs_the_same_at_any_number(
    page, client, ana, acme, saved, dm_thread, django_assert_num_queries
):
    address = page(ana).request["PATH_INFO"]
    with django_assert_num_queries(QUERIES):
        client.get(address)
    for number in range(30):
        used(SavedReply.objects.create(brand=acme, shortcut=f"x{number}", text="x"), dm_thread)
    with django_assert_num_queries(QUERIES):
        client.get(address)


def test_what_it_says_is_text(page, ana, acme, sam):
    add_saved_reply(acme, by=sam, shortcut="x", text="<script>alert(1)</script>", kind="dm")
    assert "<script>alert(1)" not in page(ana).text
    assert "&lt;script&gt;alert(1)" in page(ana).text


# Writing


def test_one_is_added(page, sam, ada):
    for person, shortcut in ((sam, "/Late"), (ada, "sorry")):
        added = page(person, "new", **WORDS | {"shortcut": shortcut})
        assert (added.status_code, added["Location"]) == (302, "/saved-replies/@acme/")
    assert list(SavedReply.objects.values_list("shortcut", flat=True)) == ["late", "sorry"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"shortcut": "taken"}, "There is a saved reply “taken” already."),
        ({"shortcut": "two words"}, "Use letters a to z, digits, - and _ alone"),
        ({"shortcut": ""}, "Give it a shortcut."),
        ({"kind": "public", "text": "字" * 141}, "282 of 280 characters as X counts"),
        ({"kind": "dm", "text": "a" * 10_001}, "10,001 of 10,000 characters."),
        ({"text": "Hi {name}, sorry!"}, "“{name}” would be sent as it stands"),
        ({"text": "Hi {{ customer.name }}!"}, "“{{ customer.name }}” would be sent"),
        ({"text": " \n"}, "Write what it says."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(page, sam, acme, fields, told):
    add_saved_reply(acme, by=sam, shortcut="taken", text="Taken", kind="dm")
    typed = WORDS | {"text": "Words of mine", "kind": "dm"} | fields
    answer = page(sam, "new", **typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert SavedReply.objects.count() == 1
    assert f'value="{typed["shortcut"]}"' in answer.text or not typed["shortcut"]
    assert typed["text"].strip() in answer.text
    kinds = re.findall('<input[^>]*name="kind"[^>]*>', answer.text)
    [chosen] = [kind for kind in kinds if "checked" in kind]
    assert f'value="{typed["kind"]}"' in chosen


def test_all_that_is_wrong_is_said_at_once(page, sam):
    answer = page(sam, "new", **WORDS | {"shortcut": "two words", "text": "Hi {name}"})
    assert "Use letters a to z" in answer.text
    assert "would be sent as it stands" in answer.text


def test_an_emoji_weighs_in_public_as_on_x(page, sam):
    assert page(sam, "new", **WORDS | {"kind": "public", "text": "😀" * 141}).status_code == 422
    assert page(sam, "new", **WORDS | {"kind": "public", "text": "😀" * 140}).status_code == 302


def test_one_is_changed(page, sam, ada, saved):
    shown = page(ada, "edit", saved.pk)
    assert f'name="seen_at" value="{seen(saved)}"' in shown.text
    changed = page(ada, "edit", saved.pk, **WORDS | {"text": "Sorry!", "seen_at": seen(saved)})
    assert (changed.status_code, changed["Location"]) == (302, "/saved-replies/@acme/")
    saved.refresh_from_db()
    assert (saved.text, saved.changed_by) == ("Sorry!", ada)


# Two at once


def test_the_second_of_two_is_told_and_nothing_is_lost(page, sam, ada, saved):
    opened = seen(saved)
    change_saved_reply(saved, by=ada, **WORDS | {"text": "Ada was here"})
    told = page(sam, "edit", saved.pk, **WORDS | {"text": "Sam was here", "seen_at": opened})
    assert told.status_code == 409
    assert "Ada Admin changed it" in told.text
    assert "Ada was here" in told.text
    assert "Sam was here" in told.text
    saved.refresh_from_db()
    assert saved.text == "Ada was here"
    # Having seen it, Sam replaces it.
    assert f'name="seen_at" value="{seen(saved)}"' in told.text
    again = WORDS | {"text": "Sam was here", "seen_at": seen(saved)}
    assert page(sam, "edit", saved.pk, **again).status_code == 302
    saved.refresh_from_db()
    assert (saved.text, saved.changed_by) == ("Sam was here", sam)


def test_an_error_between_does_not_hide_what_the_other_wrote(page, sam, ada, saved):
    opened = seen(saved)
    change_saved_reply(saved, by=ada, **WORDS | {"text": "Ada was here"})
    wrong = page(sam, "edit", saved.pk, **WORDS | {"shortcut": "", "seen_at": opened})
    assert wrong.status_code == 422
    assert f'name="seen_at" value="{opened}"' in wrong.text


def test_the_same_change_twice_is_one(page, sam, saved):
    fields = WORDS | {"text": "Sorry!", "seen_at": seen(saved)}
    for _ in range(2):
        assert page(sam, "edit", saved.pk, **fields).status_code == 302


def test_who_changes_what_another_removed_keeps_what_was_typed(page, sam, ada, saved):
    remove_saved_reply(saved, by=ada)
    fields = WORDS | {"text": "Long in the making", "seen_at": seen(saved)}
    told = page(sam, "edit", saved.pk, **fields)
    assert told.status_code == 404
    assert "somebody removed it" in told.text
    assert "Long in the making" in told.text
    assert f'action="{reverse("inbox:saved-reply-new", args=["acme"])}"' in told.text
    assert page(sam, "edit", saved.pk).status_code == 404


# Removing


def test_it_asks_before_it_removes(page, sam, saved):
    asked = page(sam, "removal", saved.pk)
    assert "Remove /late?" in asked.text
    assert SavedReply.objects.exists()
    removed = page(sam, "removal", saved.pk, seen_at=seen(saved))
    assert (removed.status_code, removed["Location"]) == (302, "/saved-replies/@acme/")
    assert not SavedReply.objects.exists()


def test_removing_twice_is_told_in_words(page, sam, saved):
    for _ in range(2):
        answer = page(sam, "removal", saved.pk, seen_at=seen(saved))
    assert answer.status_code == 404
    assert "It is not there any more." in answer.text


def test_what_somebody_changed_meanwhile_is_shown_before_it_goes(page, sam, ada, saved):
    opened = seen(saved)
    change_saved_reply(saved, by=ada, **WORDS | {"text": "Ada was here"})
    told = page(sam, "removal", saved.pk, seen_at=opened)
    assert told.status_code == 409
    assert "Ada Admin changed it meanwhile" in told.text
    assert "Ada was here" in told.text
    assert SavedReply.objects.exists()
