"""A conversation says where more may have been said than is shown."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import BrandAccount, User
from config.wording import when
from inbox.models import Conversation
from inbox.timeline import timeline
from tests.factories import make_conversation, make_message, make_thread, minutes_ago
from twitter_sync.models import SyncGap

pytestmark = pytest.mark.django_db


@pytest.fixture
def public(acme: BrandAccount) -> Conversation:
    """A public one of two hours, in which something was said at each end."""
    conversation = make_conversation(acme, has_public=True, last_activity_at=minutes_ago(10))
    thread = make_thread(conversation, "public")
    for minutes in (130, 10):
        make_message(thread, f"{minutes} minutes ago", sent_at=minutes_ago(minutes))
    return conversation


def gap(brand: BrandAccount, begins: float, ends: float, **fields: Any) -> SyncGap:
    """Between so many minutes ago."""
    told = {"feed": "mentions", "reason": "pages", **fields}
    return SyncGap.objects.create(
        brand=brand, begins_at=minutes_ago(begins), ends_at=minutes_ago(ends), **told
    )


def shown(conversation: Conversation, **asked: Any) -> list[str]:
    return [item.kind for item in timeline(conversation, **asked).items if item.kind != "event"]


def test_a_gap_within_a_conversation_is_said_where_it_begins(acme, public):
    row = gap(acme, 90, 60)
    assert shown(public) == ["message", "hole", "message"]
    [hole] = [item for item in timeline(public).items if item.kind == "hole"]
    assert (hole.at, hole.row.is_final) == (row.begins_at, False)


def test_one_that_began_before_it_stands_behind_its_first_message(acme, public):
    gap(acme, 500, 60)
    assert shown(public) == ["message", "hole", "message"]


def test_the_newest_words_may_be_missing(acme, public):
    gap(acme, 5, 1)
    assert shown(public) == ["message", "message", "hole"]


@pytest.mark.parametrize(("begins", "ends"), [(500, 200), (5, 1)])
def test_outside_of_a_resolved_conversation_nothing_is_missing(acme, public, begins, ends):
    Conversation.objects.filter(pk=public.pk).update(status="resolved")
    public.refresh_from_db()
    gap(acme, begins, ends)
    assert shown(public) == ["message", "message"]


def test_what_is_healed_is_not_said(acme, public):
    gap(acme, 90, 60, healed_at=timezone.now(), healed_by="poll")
    assert shown(public) == ["message", "message"]


def test_gaps_of_other_handles_and_other_feeds_are_none_of_its_own(acme, globex, public):
    gap(globex, 90, 60)
    gap(acme, 90, 60, feed="dms")
    gap(acme, 90, 60, feed="pushes")
    assert shown(public) == ["message", "message"]


def test_of_a_gap_that_is_being_healed_the_rest_is_said(acme, public):
    row = gap(acme, 90, 30, reached_at=minutes_ago(60))
    [hole] = [item.row for item in timeline(public).items if item.kind == "hole"]
    assert (hole.begins_at, hole.ends_at) == (row.begins_at, row.reached_at)


def test_it_stands_on_one_page_alone(acme, public):
    thread = public.threads.get()
    for minutes in (100, 80, 40, 20):
        make_message(thread, f"{minutes} minutes ago", sent_at=minutes_ago(minutes))
    gap(acme, 90, 60)
    newest = timeline(public, size=3)
    pages = [shown(public, size=3), shown(public, size=3, before=newest.before)]
    assert pages == [["message"] * 3, ["message", "message", "hole", "message"]]


def test_agents_read_it_in_words(client: Browser, sign_in, ana: User, acme, public):
    healing = gap(acme, 90, 60)
    lost = gap(acme, 40, 30, given_up_at=timezone.now(), reason="reach")
    address = reverse("inbox:conversation-detail", args=[public.pk])
    page = sign_in(client, ana).get(address, headers={"HX-Request": "true"})
    told = [
        " ".join(unescape(re.sub(r"<[^>]*>", "", words)).split())
        for words in re.findall(r'(?s)<p [^>]*id="hole-[^>]*>(.*?)</p>', page.text)
    ]
    assert told == [
        f"More may have been said here in public between {span(healing)}. "
        "Handled is still asking X.",
        f"More may have been said here in public between {span(lost)}. X doesn’t show it any more.",
    ]


def span(row: SyncGap) -> str:
    """As the page words it; a test that runs at midnight sees yesterday."""
    return " and ".join(re.sub(r"<[^>]*>", "", when(at)) for at in (row.begins_at, row.ends_at))


def test_it_costs_one_question_however_many_there_are(acme, public, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as before:
        timeline(public)
    for number in range(9):
        gap(acme, 100 - number, 60)
    with django_assert_max_num_queries(len(before)):
        assert len(shown(public)) == 11


def test_private_words_are_told_apart(acme):
    conversation = make_conversation(acme, has_dm=True, last_activity_at=minutes_ago(1))
    make_message(make_thread(conversation, "dm"), "Hello", sent_at=minutes_ago(60))
    gap(acme, 30, 20, feed="dms")
    [hole] = [item.row for item in timeline(conversation).items if item.kind == "hole"]
    assert hole.kind == "dm"
    assert hole.ends_at - hole.begins_at < timedelta(minutes=11)
