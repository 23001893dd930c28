"""Everything with a person in one line of time: `inbox.dealings`."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inbox.dealings import PAGE_SIZE
from inbox.models import ContactHandle
from tests.factories import (
    make_attachment,
    make_conversation,
    make_membership,
    make_message,
    make_thread,
    minutes_ago,
)


@pytest.fixture
def look(client, sign_in):
    """`look(ana, carla)`: the lines as the desk's panel gets them."""

    def look(user, contact, query: str = ""):
        address = reverse("inbox:contact-timeline", args=[contact.pk]) + query
        return sign_in(client, user).get(address, headers={"HX-Request": "true"})

    return look


def order(page, *words: str) -> bool:
    """Whether these stand on the page, from top to bottom."""
    places = [page.text.find(one) for one in words]
    return -1 not in places and places == sorted(places)


def test_private_and_public_of_all_conversations_stand_by_their_time(look, ana, acme, carla):
    old = make_thread(make_conversation(acme, carla, status="resolved"))
    make_message(old, "Long ago", sent_at=minutes_ago(300))
    new = make_thread(make_conversation(acme, carla), "public")
    make_message(new, "In public", sent_at=minutes_ago(20))
    make_message(new, "Sorry", ours=True, author=ana, sent_at=minutes_ago(10))
    page = look(ana, carla)
    assert order(page, "Sorry", "In public", "Long ago")
    assert "Ana Agent as @acme" in page.text
    assert f"#{old.conversation_id}" in page.text


def test_handles_stand_where_the_person_was_first_seen_with_them(look, ana, dm_thread, carla):
    make_message(dm_thread, "Under the old name", sent_at=minutes_ago(60))
    ContactHandle.objects.create(contact=carla, handle="baker", first_seen_at=minutes_ago(90))
    ContactHandle.objects.create(contact=carla, handle="carla", first_seen_at=minutes_ago(30))
    make_message(dm_thread, "Under the new name", sent_at=minutes_ago(5))
    page = look(ana, carla)
    assert order(
        page,
        "Under the new name",
        "First seen as @carla",
        "Under the old name",
        "First seen as @baker",
    )


def test_other_brands_show_only_to_whoever_works_there(look, ana, acme, globex, dm_thread, carla):
    make_message(dm_thread, "To acme")
    make_message(make_thread(make_conversation(globex, carla)), "To globex")
    assert "To globex" not in look(ana, carla).text
    make_membership(ana, globex)
    page = look(ana, carla)
    assert "To acme" in page.text
    assert "To globex" in page.text


def test_who_has_nothing_to_do_with_the_person_finds_nobody(look, zoe, olga, question, carla):
    assert look(zoe, carla).status_code == look(olga, carla).status_code == 404


def test_what_was_deleted_or_cancelled_is_not_told(look, ana, dm_thread, carla):
    make_message(dm_thread, "", deleted_at=minutes_ago(1))
    make_message(dm_thread, "Never sent", ours=True, state="cancelled", external_id=None)
    page = look(ana, carla)
    assert "Deleted on X" in page.text
    assert "Never sent" not in page.text


def test_words_are_text(look, ana, dm_thread, carla):
    make_message(dm_thread, "&lt;script&gt;alert(1)&lt;/script&gt;")
    assert "<script>alert" not in look(ana, carla).text


def test_it_goes_back_page_by_page_at_the_same_cost(look, ana, dm_thread, carla):
    for number in range(PAGE_SIZE + 5):
        make_attachment(make_message(dm_thread, f"No. {number:02}"))
    first, queries = counted(look, ana, carla)
    assert "No. 34" in first.text
    assert "No. 04" not in first.text
    rest, as_many = counted(look, ana, carla, re.search(r"\?before=\d+", first.text)[0])
    assert [f"No. {number:02}" in rest.text for number in range(6)] == [True] * 5 + [False]
    assert queries == as_many


@pytest.mark.parametrize("place", ["x", "-1", "9" * 19, "9" * 40, "١"])
def test_a_place_that_is_none_begins_at_the_newest(look, ana, question, carla, place):
    assert question.text in look(ana, carla, f"?before={place}").text


def counted(look, user, contact, query: str = ""):
    with CaptureQueriesContext(connection) as run:
        page = look(user, contact, query)
    return page, len([one for one in run if "inbox_" in one["sql"]])
