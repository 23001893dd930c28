"""The desk's page and its list: `inbox.views.desk`."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.actions.status import resolve, snooze, wait
from inbox.desk import first_keys
from inbox.live import now_us
from inbox.models import Conversation
from tests.factories import (
    make_contact,
    make_conversation,
    make_membership,
    make_message,
    make_thread,
    minutes_ago,
)

DESK = reverse("inbox:desk")
LIST = reverse("inbox:list")
ROWS = reverse("inbox:rows")
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def ana_client(client, ana, sign_in):
    return sign_in(client, ana)


def names(response) -> list[str]:
    return re.findall(r'<span class="row-name truncate"><bdi>([^<]+)</bdi>', response.text)


def asked(brand, name: str, minutes: float = 5, kind: str = "dm", **fields):
    conversation = make_conversation(brand, make_contact(name=name), **fields)
    make_message(make_thread(conversation, kind), "Hello?", sent_at=minutes_ago(minutes))
    return conversation


def test_it_shows_who_waits_longest_first(ana_client, acme):
    asked(acme, "Late Lee", minutes=1)
    asked(acme, "Early Eve", minutes=60)
    assert names(ana_client.get(DESK)) == ["Early Eve", "Late Lee"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("mine", {"Mine"}),
        ("unassigned", {"New"}),
        ("open", {"New", "Mine"}),
        ("needs-answer", {"New", "Mine"}),
        ("waiting", {"Theirs"}),
        ("snoozed", {"Away"}),
        ("resolved", {"Done"}),
    ],
)
def test_each_view_shows_its_own(ana_client, acme, ana, view, expected):
    asked(acme, "New")
    asked(acme, "Mine", assignee=ana)
    wait(asked_and_answered(acme, "Theirs"), by=ana)
    snooze(asked(acme, "Away"), until=timezone.now() + timezone.timedelta(hours=1), by=ana)
    resolve(asked(acme, "Done"), by=ana)
    assert set(names(ana_client.get(f"{DESK}?view={view}"))) == expected


def asked_and_answered(brand, name: str):
    conversation = asked(brand, name)
    make_message(conversation.threads.get(), "Hi!", ours=True)
    conversation.refresh_from_db()
    return conversation


def test_the_views_have_counts(ana_client, acme):
    asked(acme, "One")
    asked(acme, "Two")
    page = ana_client.get(DESK).text
    assert re.search(r'id="view-unassigned".*?counter-neutral">2<', page, re.DOTALL)


def test_a_brand_narrows_the_list(ana_client, acme, globex, ana):
    make_membership(ana, globex)
    asked(acme, "At Acme")
    asked(globex, "At Globex")
    assert set(names(ana_client.get(DESK))) == {"At Acme", "At Globex"}
    assert names(ana_client.get(f"{DESK}?brand=GLOBEX")) == ["At Globex"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("paused", "Paused"),
        ("needs_reconnect", "Must be reconnected"),
        ("disconnected", "Disconnected"),
    ],
)
def test_a_handle_as_which_nothing_goes_out_says_so(
    client, sign_in, ana, acme, globex, status, words
):
    make_membership(ana, globex)
    client = sign_in(client, ana)
    before = client.get(DESK).text
    assert 'class="view-state"' not in before
    BrandAccount.objects.filter(pk=acme.pk).update(status=status)
    everywhere = client.get(DESK).text
    assert everywhere.count('class="view-state"') == 1
    assert words in everywhere
    assert 'id="list-state"' not in everywhere
    assert 'id="list-state"' in client.get(f"{DESK}?brand={acme.handle}").text
    assert 'id="list-state"' not in client.get(f"{DESK}?brand={globex.handle}").text


def test_the_time_of_a_row_is_the_one_that_the_list_is_sorted_by(ana_client, acme):
    asked(acme, "Carla", minutes=30, last_activity_at=minutes_ago(5))
    assert "needs an answer since" in ana_client.get(f"{DESK}?view=needs-answer").text
    page = ana_client.get(f"{DESK}?view=open").text
    assert "needs an answer since" not in page


def test_another_company_sees_nothing(client, sign_in, zoe, acme):
    asked(acme, "Carla Customer")
    page = sign_in(client, zoe).get(f"{DESK}?view=open").text
    assert "Carla Customer" not in page
    assert "No open conversations" in page


@pytest.mark.parametrize("query", ["view=nonsense", "brand=globex", "brand=nobody"])
def test_a_place_that_is_not_theirs_does_not_exist(ana_client, globex, query):
    assert ana_client.get(f"{DESK}?{query}").status_code == 404


def test_someone_without_a_handle_is_told_the_way_out(client, sign_in, olga):
    assert "work on a handle yet" in sign_in(client, olga).get(DESK).text


def test_private_and_public_are_told_apart_by_word_and_icon(ana_client, acme):
    asked(acme, "Whisper", kind="dm")
    asked(acme, "Shout", kind="public")
    page = ana_client.get(DESK).text
    whisper, shout = page.split('<li class="row ')[1:3]
    assert "Private" in whisper
    assert "#lock" in whisper
    assert "Public" in shout
    assert "#globe" in shout


def test_the_next_page_follows_the_last(ana_client, acme):
    for number in range(53):
        asked(acme, f"Person {number:02}", minutes=100 - number)
    first = ana_client.get(DESK)
    address = re.search(r'hx-get="([^"]+rows[^"]+)"', first.text)[1].replace("&amp;", "&")
    following = ana_client.get(address)
    assert names(first) + names(following) == [f"Person {number:02}" for number in range(53)]
    assert "rows-more" not in following.text


def test_rows_that_are_answered_while_the_page_is_made_break_nothing(ana_client, acme, monkeypatch):
    """They have no waiting time any more, by which the next page would begin."""
    for number in range(53):
        asked(acme, f"Person {number:02}", minutes=100 - number)

    def and_answer_them(*asked: object) -> list[tuple[int, datetime]]:
        found = first_keys(*asked)
        Conversation.objects.update(unanswered_since=None)
        return found

    monkeypatch.setattr("inbox.desk.first_keys", and_answer_them)
    assert ana_client.get(DESK).status_code == 200


def test_a_refresh_shows_as_many_rows_as_the_page_has(ana_client, acme):
    for number in range(53):
        asked(acme, f"Person {number:02}", minutes=100 - number)
    assert len(names(ana_client.get(f"{LIST}?rows=53"))) == 53


def test_a_cursor_of_nobody_is_refused(ana_client, acme):
    assert ana_client.get(f"{ROWS}?after=nonsense").status_code == 400


def test_the_desk_costs_the_same_at_any_size(ana_client, acme, ana, django_assert_num_queries):
    def grow(to: int) -> None:
        for number in range(to):
            asked(acme, f"Person {number}", kind=("dm", "public")[number % 2], assignee=ana)

    grow(5)
    ana_client.get(DESK)
    with django_assert_num_queries(10):
        ana_client.get(DESK)
    grow(50)
    with django_assert_num_queries(10):
        assert len(names(ana_client.get(DESK))) == 50


def test_signed_out_the_page_leads_to_sign_in_and_a_fragment_says_so(client):
    assert client.get(DESK).status_code == 302
    assert client.get(LIST, headers=FRAGMENT).status_code == 401


def test_what_changed_since_is_told_by_id_and_version(ana_client, acme, globex):
    before = now_us()
    ours, theirs = asked(acme, "Ours"), asked(globex, "Theirs")
    told = ana_client.get(f"{reverse('inbox:changes')}?since={before}").json()
    assert told["at"] >= before
    assert told["conversations"] == [{"id": ours.pk, "version": ours.version}]
    assert theirs.pk not in {one["id"] for one in told["conversations"]}


def test_what_did_not_change_is_not_told(ana_client, acme):
    make_conversation(acme, changed_at=minutes_ago(30))
    told = ana_client.get(f"{reverse('inbox:changes')}?since={now_us()}").json()
    assert told["conversations"] == []


@pytest.mark.parametrize("since", ["", "yesterday", "-1", "9" * 30])
def test_a_moment_that_is_none_is_refused(ana_client, acme, since):
    assert ana_client.get(f"{reverse('inbox:changes')}?since={since}").status_code == 404


def test_after_a_long_absence_everything_is_to_be_asked_for(ana_client, acme):
    two_days_ago = now_us() - 2 * 86_400_000_000
    assert ana_client.get("/desk/changes/", {"since": two_days_ago}).json()["all"] is True
    assert ana_client.get("/desk/changes/", {"since": now_us()}).json()["all"] is False
