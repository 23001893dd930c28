"""The page of a search: what it shows, keeps and refuses, and what it costs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_note
from tests.inbox.finding import LIST, ROWS, SEARCH, analyse, numbers, said

QUERIES = 20


def test_customer_text_is_text(desk, acme):
    said(acme, '&lt;img src=x onerror="alert(1)"&gt; parcel &amp;lt;', name="<script>")
    page = desk.get(SEARCH, {"q": "parcel"}).text
    assert "<img src" not in page
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt; <mark>parcel</mark> &amp;lt;" in page


def test_the_words_stand_in_the_box_and_in_every_address(desk, acme):
    conversation = said(acme, "parcel & more")
    page = desk.get(SEARCH, {"q": 'parcel "& more"', "view": "open"}).text
    assert 'value="parcel &#34;&amp; more&#34;"' in page
    assert f"/conversations/{conversation.pk}/?view=open&amp;q=parcel+%22%26+more%22" in page
    assert 'href="/desk/?view=open"' in page


def test_a_conversation_stands_beside_the_search_it_was_found_by(desk, acme):
    conversation, other = said(acme, "parcel"), said(acme, "parcel two", 9)
    page = desk.get(f"/conversations/{conversation.pk}/?q=parcel&view=open")
    assert numbers(page) == [conversation.pk, other.pk]
    assert 'id="conversation" data-number' in page.text


def test_a_refresh_leaves_the_results_alone(desk, acme):
    said(acme, "parcel")
    page = desk.get(LIST, {"q": "parcel", "rows": "1"}).text
    assert 'id="views"' in page
    assert 'id="list"' not in page


def test_without_words_there_is_the_desk(desk, acme):
    response = desk.get(SEARCH, {"q": " \x00 ", "view": "open", "brand": "acme"})
    assert response.status_code == 302
    assert response["Location"] == "/desk/?view=open&brand=acme"


def test_nothing_found_says_what_can_be_asked(desk, acme):
    page = desk.get(SEARCH, {"q": "unfindable", "brand": "acme"}).text
    assert "Nothing found" in page
    assert "Search all handles" in page
    assert "#123" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("x", "too short"),
        ('"', "too short"),
        ("()", "too short"),
        ("z" * 10_000, "up to 200 characters"),
        ("word " * 13, "up to 12 words"),
    ],
)
def test_what_can_not_be_searched_for_is_told(desk, acme, words, told):
    assert told in desk.get(SEARCH, {"q": words}).text


@pytest.mark.parametrize(
    "words",
    [
        "a\x00b",
        "'",
        "''':*",
        "\\'",
        "lost & | ! <-> (parcel:*",
        "%_%",
        "!!",
        "\ud800x".encode("utf-8", "surrogatepass").decode("latin-1"),
        "9" * 19,
        "#" + "9" * 18,
        "@" + "_" * 50,
        "x.com/a/status/" + "9" * 19,
        "(a+)+$",
        "\u202eevil",
    ],
)
def test_hostile_words_find_nothing_and_break_nothing(find, acme, words):
    said(acme, "Hello")
    assert find(words) == []


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(min_size=1, max_size=60), after=st.text(max_size=12))
def test_anything_may_be_typed(desk, acme, words, after):
    assert desk.get(LIST, {"q": words}).status_code == 200
    assert desk.get(ROWS, {"q": "x" + words, "after": after}).status_code in {200, 400}


@pytest.mark.parametrize("after", ["nonsense", "-", "1.2", f"{'9' * 19}.1-", f"1.1-{'9' * 17}.1"])
def test_a_place_in_the_results_of_nobody_is_refused(desk, acme, after):
    status = desk.get(ROWS, {"q": "parcel", "after": after}).status_code
    assert status == (200 if after == "-" else 400)


def test_it_costs_the_same_at_any_size(desk, acme, ana, django_assert_num_queries):
    def grow(to: int) -> None:
        for number in range(to):
            conversation = said(acme, f"parcel {number}", number, name=f"Parcel {number}")
            make_note(conversation, ana, "parcel")

    grow(5)
    analyse()
    desk.get(SEARCH, {"q": "parcel"})
    with django_assert_num_queries(QUERIES):
        desk.get(SEARCH, {"q": "parcel"})
    grow(40)
    with django_assert_num_queries(QUERIES):
        assert len(find_numbers(desk, "parcel")) == 28


def find_numbers(client, words: str) -> list[int]:
    return numbers(client.get(SEARCH, {"q": words}))
