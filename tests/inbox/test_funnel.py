"""What came of inviting people: the page of numbers, and the spreadsheet."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import BrandAccount, Role, User
from inbox.funnel import funnel
from inbox.models import ConversationEvent, Handoff, SavedReplyUse
from inbox.text.cells import as_csv, cell
from tests.factories import (
    make_brand,
    make_conversation,
    make_membership,
    make_message,
    make_thread,
    minutes_ago,
)

SINCE = timedelta(days=30)


def invitation(brand: BrandAccount, by: User, *, steps: int = 1, **fields) -> Handoff:
    """One that came so far: invited an hour ago, and ten minutes from step to step."""
    conversation = make_conversation(brand)
    public, private = make_thread(conversation, "public"), make_thread(conversation)
    times = [minutes_ago(60 - 10 * step) for step in range(5)]
    asked = make_message(public, "Write to us", ours=True, author=by, sent_at=times[0], **fields)
    handoff = Handoff.objects.create(
        brand=brand, conversation=conversation, invited_by=by, invitation=asked, reference_code="x"
    )
    if steps > 1:
        handoff.arrival = make_message(private, "Hello", sent_at=times[1])
    if steps > 2:
        make_message(private, "Done", ours=True, sent_at=times[2])
    if steps > 3:
        kind = ConversationEvent.Kind.RESOLVED
        conversation.events.create(kind=kind, created_at=times[3])
    if steps > 4:
        handoff.closing = make_message(public, "Sorted", ours=True, sent_at=times[4])
    handoff.save()
    return handoff


@pytest.fixture
def look(client, sign_in):
    def look(user: User, name: str = "handoffs", **query):
        return sign_in(client, user).get(reverse(f"inbox:{name}"), query)

    return look


def rows_of(page) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(page.content.decode("utf-8-sig"))))


def test_it_counts_who_came_how_far_and_where_the_rest_ended(acme, ana, sam):
    for steps in (1, 1, 2, 3, 5):
        invitation(acme, ana, steps=steps)
    found = funnel(sam, [acme], since=timezone.now() - SINCE).all
    assert [stage.number for stage in found.stages] == [5, 3, 2, 1, 1]
    assert [stage.share for stage in found.stages] == [100, 60, 40, 20, 20]
    assert [stage.dropped for stage in found.stages] == [0, 2, 1, 1, 0]
    assert [round(stage.typical / timedelta(minutes=1)) for stage in found.stages[1:]] == [10] * 4
    assert found.stages[0].typical is None


def test_what_never_went_out_is_not_counted(acme, ana, sam):
    invitation(acme, ana, state="failed", external_id=None)
    invitation(acme, ana, state="cancelled", external_id=None)
    assert funnel(sam, [acme], since=timezone.now() - SINCE).all.stages[0].number == 0


def test_it_counts_by_handle_agent_and_hour(acme, ana, ben, ada):
    second = make_brand("acme_help")
    make_membership(ada, second, Role.MANAGER)
    for hour, brand, agent in ((3, acme, ana), (3, acme, ben), (5, second, ben)):
        asked = invitation(brand, agent).invitation
        asked.sent_at = timezone.localtime().replace(hour=hour)
        asked.save()
    found = funnel(ada, [acme, second], since=timezone.now() - SINCE)
    counts = {name: {row.label: row.stages[0].number for row in rows} for name, rows in found.parts}
    assert counts == {
        "Handle": {"acme": 2, "acme_help": 1},
        "Agent": {"Ana Agent": 1, "Ben Agent": 2},
        "Hour": {"03:00": 2, "05:00": 1},
        "Saved reply": {"none": 3},
    }


def test_a_cell_says_one_thing_with_its_unit(acme, ana, sam, look):
    for steps in (1, 2, 5):
        invitation(acme, ana, steps=steps)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", look(sam).text, re.DOTALL)
    told = {" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in cells}
    assert told == {"0", "3", "100 %", "–", "2", "67 %", "1", "33 %", "10 min", "2 67 %", "1 33 %"}


def test_managers_see_their_own_brands_and_nobody_elses(look, acme, globex, ana, sam, nia, olga):
    invitation(acme, ana)
    assert "@acme" in look(sam).text
    assert "@acme" not in look(nia).text
    assert look(nia, brand="acme").status_code == 404
    assert look(nia, "handoffs-csv", brand="acme").status_code == 404
    for person in (ana, olga):
        assert look(person).status_code == look(person, "handoffs-csv").status_code == 403


def test_a_manager_elsewhere_sees_nothing_of_where_they_are_an_agent(look, acme, globex, ana, nia):
    make_membership(nia, acme, Role.AGENT)
    invitation(acme, ana)
    assert "Ana Agent" not in look(nia).text
    assert look(nia, brand="acme").status_code == 404


@pytest.mark.parametrize("days", ["8", "x", "", "-7"])
def test_there_is_no_other_span(look, sam, days):
    assert look(sam, days=days).status_code == 404


def test_what_is_older_is_left_out(look, acme, ana, sam):
    old = invitation(acme, ana)
    Handoff.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert "No invitations" in look(sam).text
    assert "Ana Agent" in look(sam, days="90").text


def test_the_spreadsheet_says_the_same(look, acme, ana, sam):
    invitation(acme, ana, steps=2)
    rows = rows_of(look(sam, "handoffs-csv"))
    assert [row["By"] for row in rows] == ["All", "Handle", "Agent", "Hour", "Saved reply"]
    assert rows[0]["Invited"] == rows[0]["DM arrived"] == "1"
    assert rows[0]["DM arrived: minutes"] == "10.0"
    assert rows[0]["First DM answer: dropped before"] == "1"


def test_a_name_that_is_a_formula_is_a_text_in_the_spreadsheet(look, acme, ana, sam):
    ana.name = '=HYPERLINK("https://evil.example")'
    ana.save()
    invitation(acme, ana)
    agent = next(row for row in rows_of(look(sam, "handoffs-csv")) if row["By"] == "Agent")
    assert agent["Which"] == "'" + ana.name


@pytest.mark.parametrize(
    "beginning", ["=", "+", "-", "@", "\t=", "\r=", " =", "x;=", "x,@", "x\n-"]
)
def test_no_cell_begins_as_a_formula_does(beginning):
    text = f"{beginning}1+1"
    assert cell(text) != text
    assert cell(text).replace("'", "") == text
    ((read,),) = csv.reader(StringIO(as_csv([[text]]).removeprefix("\ufeff"), newline=""))
    assert read == cell(text)


def test_numbers_and_common_words_stay_what_they_are():
    assert (cell(-3), cell("Ana-Lena"), cell("a = b")) == ("-3", "Ana-Lena", "a = b")


def test_it_asks_the_database_once(acme, ana, sam, django_assert_num_queries):
    for steps in (1, 2, 5):
        invitation(acme, ana, steps=steps)
    with django_assert_num_queries(1):
        funnel(sam, [acme], since=timezone.now() - SINCE)


def test_it_tells_apart_what_was_begun_with_which_saved_reply(acme, ana, sam, look):
    for steps in (1, 2):
        begun = invitation(acme, ana, steps=steps)
        SavedReplyUse.objects.create(message=begun.invitation, shortcut="sorry")
    invitation(acme, ana, steps=3)
    found = funnel(sam, [acme], since=timezone.now() - SINCE).by_saved_reply
    told = {row.label: [stage.number for stage in row.stages[:3]] for row in found}
    assert told == {"/sorry of @acme": [2, 1, 0], "none": [1, 1, 1]}
    assert "By saved reply" in look(sam).text
    lines = [row for row in rows_of(look(sam, "handoffs-csv")) if row["By"] == "Saved reply"]
    assert [row["Which"] for row in lines] == ["/sorry of @acme", "none"]


def test_whoever_may_read_it_finds_it_in_the_bar(client, sign_in, ana, sam, ada, olga):
    link = f'href="{reverse("inbox:handoffs")}"'
    for person, is_shown in ((ana, False), (sam, True), (ada, True), (olga, False)):
        page = sign_in(client, person).get(reverse("accounts:profile")).text
        assert (link in page) is is_shown
