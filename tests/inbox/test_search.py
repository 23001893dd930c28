"""Search of the desk: what is found, by whom, in what order; never another brand's."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions.receiving import mark_deleted, receive
from inbox.actions.revising import keep_former
from inbox.models import ContactHandle
from inbox.search import matching
from inbox.sequence import sequence_at
from inbox.text.asked import understand
from tests.factories import (
    make_contact,
    make_conversation,
    make_membership,
    make_message,
    make_note,
    make_thread,
    minutes_ago,
    next_number,
)

SEARCH = reverse("inbox:search")
LIST = reverse("inbox:list")
ROWS = reverse("inbox:rows")


@pytest.fixture
def ana_client(client, ana, sign_in):
    return sign_in(client, ana)


@pytest.fixture
def find(ana_client):
    """`find("parcel")`: the numbers of the rows that Ana gets, in order."""

    def find(words: str, **more: str) -> list[int]:
        response = ana_client.get(SEARCH, {"q": words, **more})
        assert response.status_code == 200
        return numbers(response)

    return find


@pytest.fixture(params=["by the index", "by the walk"])
def either_way(db, request, monkeypatch):
    """As if all words were rare, and as if all were common."""
    monkeypatch.setattr(matching, "WALK_COST", 0 if request.param == "by the walk" else 10**9)
    analyse()


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_message")


def numbers(response) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', response.text)]


def said(brand, text: str, minutes: float = 5, *, name: str = "", kind: str = "dm", **fields):
    """A conversation in which somebody said that."""
    contact = make_contact(name=name) if name else None
    conversation = make_conversation(brand, contact, **fields)
    says_more(conversation, text, minutes, thread=make_thread(conversation, kind))
    return conversation


def says_more(conversation, text: str, minutes: float, thread=None):
    at = minutes_ago(minutes)
    thread = thread or conversation.threads.get()
    external_id = str(sequence_at(at) + next_number())
    return make_message(
        thread, text, sent_at=at, external_id=external_id, sequence=int(external_id)
    )


# Words


both_ways = pytest.mark.usefixtures("either_way")


@both_ways
def test_all_of_them_must_be_there_in_any_order(find, acme):
    both = said(acme, "My parcel was lost")
    said(acme, "My parcel came")
    assert find("lost parcel") == [both.pk]
    assert find("LOST PARC") == [both.pk]


@both_ways
def test_a_phrase_in_quotes_is_found_as_it_stands(find, acme):
    said(acme, "I lost the parcel")
    phrase = said(acme, "A lost parcel again")
    assert find('"lost parcel"') == [phrase.pk]
    assert find('"lost parc"') == []
    assert find("“lost parcel”") == [phrase.pk]


@both_ways
def test_accents_and_case_make_no_difference(find, acme):
    creme = said(acme, "Où est ma CRÈME brûlée ?")
    assert find("creme BRULEE") == find("crème brûlée") == [creme.pk]


@both_ways
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Order ORD-4711 please", "4711"),
        ("Order ORD-4711 please", "ord-4711"),
        ("Call +49 170 555123", "555123"),
        ("I paid 12.99 twice", "12.99"),
        ("refund and/or exchange", "exchange"),
        ("#refund now", "#refund"),
        ("AT&amp;T, R&amp;D &lt;dept&gt;", "R&D"),
        ("it's late", "it's"),
        ("هل وصل الطرد اليوم", "الطرد"),
        ("איפה החבילה שלי", "החבילה"),
        ("Где моя посылка", "посылк"),
        ("주문을 취소해 주세요", "주문"),
        ("注文した商品が届きません", "商品"),
        ("我的包裹丢了", "包裹"),
        ("พัสดุของฉันอยู่ที่ไหน", "พัสดุ"),
        ("Thank you 😀👍🏽", "👍🏽"),
        ("ＦＵＬＬ width", "ｆｕｌｌ"),
    ],
)
def test_any_language_is_found(find, acme, text, words):
    found = said(acme, text)
    said(acme, "Something else")
    assert find(words) == [found.pk]


@both_ways
def test_what_people_see_of_a_link_is_searched(find, acme):
    conversation = make_conversation(acme)
    link = {"start": 4, "end": 20, "url": "https://t.co/abc", "display_url": "shop.example/re…"}
    make_message(
        make_thread(conversation),
        "See https://t.co/abc",
        entities={"urls": [{**link, "expanded_url": "https://shop.example/returns/late-ones"}]},
    )
    assert find("shop.example") == find("late-ones") == find("returns") == [conversation.pk]


@both_ways
def test_newest_first_and_each_conversation_once(find, acme):
    old, new = said(acme, "parcel", 60), said(acme, "parcel", 10)
    says_more(old, "parcel again", 30)
    assert find("parcel") == [new.pk, old.pk]


@both_ways
def test_a_note_is_found_and_says_that_it_is_one(ana_client, find, acme, ana):
    conversation = said(acme, "Hello")
    make_note(conversation, ana, "Promised a <b>voucher</b>")
    page = ana_client.get(SEARCH, {"q": "voucher"})
    assert numbers(page) == [conversation.pk]
    assert "#sticky-note" in page.text
    assert "Promised a &lt;b&gt;<mark>voucher</mark>&lt;/b&gt;" in page.text


@both_ways
def test_pages_have_no_gap_and_nothing_twice(ana_client, acme, ana):
    expected = []
    for number in range(70):
        conversation = said(acme, f"parcel {number}", minutes=200 - number)
        for extra in range(number % 3):
            says_more(conversation, "parcel", 200 + extra)
        if number % 7 == 0:
            make_note(conversation, ana, "parcel", created_at=minutes_ago(300 - number))
        expected.append(conversation.pk)
    assert sorted(all_pages(ana_client, "parcel")) == expected


@both_ways
def test_what_was_deleted_is_found_no_more(find, acme):
    conversation = said(acme, "my secret address")
    assert find("secret") == [conversation.pk]
    message = conversation.messages.get()
    mark_deleted(acme, kind=message.kind, external_id=message.external_id)
    assert find("secret") == []


@both_ways
def test_what_arrives_is_found_at_once(find, acme, says):
    message = receive(acme, says("where is my hovercraft"))
    assert find("hovercraft") == [message.conversation_id]


@both_ways
def test_a_brand_narrows_it(find, acme, globex, ana):
    make_membership(ana, globex)
    at_acme, at_globex = said(acme, "parcel", 5), said(globex, "parcel", 9)
    assert find("parcel") == [at_acme.pk, at_globex.pk]
    assert find("parcel", brand="GLOBEX") == [at_globex.pk]


@both_ways
def test_another_brand_finds_nothing_of_it(client, sign_in, zoe, olga, acme, ana):
    conversation = said(acme, "canarywords", name="Canary Bird")
    make_note(conversation, ana, "canarynote")
    message = conversation.messages.get()
    asked = ["canarywords", "canarynote", "Canary", "@" + conversation.contact.handle]
    asked += [
        f"#{conversation.pk}",
        message.external_id,
        f"x.com/a/status/{message.external_id}",
    ]
    for person in (zoe, olga):
        for words in asked:
            page = sign_in(client, person).get(SEARCH, {"q": words})
            assert numbers(page) == []
            assert "Nothing found" in page.text
            assert "Bird" not in page.text


@both_ways
def test_resolved_and_spam_are_found_and_say_so(ana_client, acme):
    said(acme, "parcel", 1, status="resolved")
    said(acme, "parcel", 2, is_spam=True)
    page = ana_client.get(SEARCH, {"q": "parcel"}).text
    assert len(re.findall(r"</svg>Resolved", page)) == 1
    assert len(re.findall(r"</svg>Spam", page)) == 1


def all_pages(client, words: str) -> list[int]:
    page = client.get(SEARCH, {"q": words})
    found = numbers(page)
    while following := re.search(r'hx-get="([^"]+after=[^"]+)"', page.text):
        page = client.get(following[1].replace("&amp;", "&"))
        found += numbers(page)
    return found


def test_the_walk_goes_back_a_bounded_way_and_says_how_far(ana_client, acme, monkeypatch):
    monkeypatch.setattr(matching, "WALK_COST", 0)
    monkeypatch.setattr(matching, "WALK", 10)
    first = said(acme, "needle", minutes=500)
    for number in range(24):
        said(acme, "hay", minutes=400 - number)
    last = said(acme, "needle", minutes=1)
    page = ana_client.get(SEARCH, {"q": "needle"})
    assert numbers(page) == [last.pk]
    assert "Searched back to" in page.text
    assert all_pages(ana_client, "needle") == [last.pk, first.pk]


# People, numbers, posts


def test_a_person_is_found_by_the_beginning_of_the_handle_or_something_like_it(find, acme, globex):
    carla = make_conversation(acme, make_contact("carla_w"))
    carlos = make_conversation(acme, make_contact("carlos"))
    make_conversation(acme, make_contact("peter"))
    make_conversation(globex, make_contact("carla_other"))
    assert find("@carla_w")[0] == carla.pk
    assert set(find("@carl")) == {carla.pk, carlos.pk}
    assert find("@karla_w") == [carla.pk]


def test_a_person_is_found_by_a_former_handle(find, acme):
    contact = make_contact("newname")
    ContactHandle.objects.create(contact=contact, handle="oldie", first_seen_at=timezone.now())
    conversation = make_conversation(acme, contact)
    assert find("@oldie") == find("oldie") == [conversation.pk]


def test_a_name_is_found_before_what_was_said(find, acme):
    person = said(acme, "Hello", 60, name="Wilhelmina Wong")
    words = said(acme, "wong number", 1)
    assert find("wong") == [person.pk, words.pk]


def test_a_number_leads_to_its_conversation(find, acme, globex):
    ours, theirs = said(acme, "Hello"), said(globex, "Hello")
    assert find(f"#{ours.pk}") == find(str(ours.pk)) == [ours.pk]
    assert find(f"#{theirs.pk}") == []


@pytest.mark.parametrize(
    "written",
    ["{}", "https://x.com/acme/status/{}", "twitter.com/i/web/status/{}?s=20", "x.com/i/status/{}"],
)
def test_a_post_is_found_by_its_id_or_link(ana_client, find, acme, written):
    conversation = said(acme, "Look at this", kind="public")
    message = conversation.messages.get()
    page = ana_client.get(SEARCH, {"q": written.format(message.external_id)})
    assert numbers(page) == [conversation.pk]
    assert f"#message-{message.pk}" in page.text


def test_an_edited_post_is_found_by_its_old_link(ana_client, find, acme, globex):
    ours, theirs = said(acme, "Hello", kind="public"), said(globex, "Hello", kind="public")
    keep_former(ours.messages.get(), ["1700000000000000001"])
    keep_former(theirs.messages.get(), ["1700000000000000002"])
    assert find("https://x.com/carla/status/1700000000000000001") == [ours.pk]
    assert find("1700000000000000001") == [ours.pk]
    assert find("1700000000000000002") == []


def test_a_match_far_up_is_shown_when_it_is_opened(ana_client, acme):
    conversation = said(acme, "needle", minutes=100)
    for number in range(60):
        says_more(conversation, "hay", 90 - number)
    page = ana_client.get(SEARCH, {"q": "needle"}).text
    address = re.search(r'href="(/conversations/[^"#]+)#message', page)[1].replace("&amp;", "&")
    assert "needle" in re.sub(r"q=needle", "", ana_client.get(address).text)


# The page


def test_customer_text_is_text(ana_client, acme):
    said(acme, '&lt;img src=x onerror="alert(1)"&gt; parcel &amp;lt;', name="<script>")
    page = ana_client.get(SEARCH, {"q": "parcel"}).text
    assert "<img src" not in page
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt; <mark>parcel</mark> &amp;lt;" in page


def test_the_words_stand_in_the_box_and_in_every_address(ana_client, acme):
    conversation = said(acme, "parcel & more")
    page = ana_client.get(SEARCH, {"q": 'parcel "& more"', "view": "open"}).text
    assert 'value="parcel &#34;&amp; more&#34;"' in page
    assert f"/conversations/{conversation.pk}/?view=open&amp;q=parcel+%22%26+more%22" in page
    assert 'href="/desk/?view=open"' in page


def test_a_conversation_stands_beside_the_search_it_was_found_by(ana_client, acme):
    conversation, other = said(acme, "parcel"), said(acme, "parcel two", 9)
    page = ana_client.get(f"/conversations/{conversation.pk}/?q=parcel&view=open")
    assert numbers(page) == [conversation.pk, other.pk]
    assert 'id="conversation" data-number' in page.text


def test_a_refresh_leaves_the_results_alone(ana_client, acme):
    said(acme, "parcel")
    page = ana_client.get(LIST, {"q": "parcel", "rows": "1"}).text
    assert 'id="views"' in page
    assert 'id="list"' not in page


def test_without_words_there_is_the_desk(ana_client, acme):
    response = ana_client.get(SEARCH, {"q": " \x00 ", "view": "open", "brand": "acme"})
    assert response.status_code == 302
    assert response["Location"] == "/desk/?view=open&brand=acme"


def test_nothing_found_says_what_can_be_asked(ana_client, acme):
    page = ana_client.get(SEARCH, {"q": "unfindable", "brand": "acme"}).text
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
def test_what_can_not_be_searched_for_is_told(ana_client, acme, words, told):
    assert told in ana_client.get(SEARCH, {"q": words}).text


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
def test_anything_may_be_typed(ana_client, acme, words, after):
    assert ana_client.get(LIST, {"q": words}).status_code == 200
    assert ana_client.get(ROWS, {"q": "x" + words, "after": after}).status_code in {200, 400}


@pytest.mark.parametrize("after", ["nonsense", "-", "1.2", f"{'9' * 19}.1-", f"1.1-{'9' * 17}.1"])
def test_a_place_in_the_results_of_nobody_is_refused(ana_client, acme, after):
    status = ana_client.get(ROWS, {"q": "parcel", "after": after}).status_code
    assert status == (200 if after == "-" else 400)


def test_it_costs_the_same_at_any_size(ana_client, acme, ana, django_assert_num_queries):
    def grow(to: int) -> None:
        for number in range(to):
            conversation = said(acme, f"parcel {number}", number, name=f"Parcel {number}")
            make_note(conversation, ana, "parcel")

    grow(5)
    analyse()
    ana_client.get(SEARCH, {"q": "parcel"})
    with django_assert_num_queries(QUERIES):
        ana_client.get(SEARCH, {"q": "parcel"})
    grow(40)
    with django_assert_num_queries(QUERIES):
        assert len(find_numbers(ana_client, "parcel")) == 28


def find_numbers(client, words: str) -> list[int]:
    return numbers(client.get(SEARCH, {"q": words}))


QUERIES = 20


# How Postgres does it


@pytest.fixture
def many(acme):
    """5,000 messages; every second has a common word, one a rare one."""
    conversation = said(acme, "Hello")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_message (brand_id, conversation_id, thread_id, kind, transport,
                direction, state, external_id, sequence, text, entities, sent_at, received_at,
                failure)
            SELECT %s, %s, %s, 'dm', 'dm', 'in', 'received', 'm' || n, n,
                'word' || n || ' nothing' || CASE WHEN n %% 2 = 0 THEN ' common' ELSE '' END
                || CASE WHEN n = 777 THEN ' hovercraft' ELSE '' END,
                '{}', now(), now(), ''
            FROM generate_series(1, 5000) n
            """,
            [acme.pk, conversation.pk, conversation.threads.get().pk],
        )
    analyse()
    return conversation


def plan_of(rows) -> str:
    return json.dumps(json.loads(rows.explain(format="json")))


def test_a_rare_word_is_taken_from_the_index(many):
    asked = understand("hovercraft")
    assert not matching.is_common(asked)
    assert "msg_words" in plan_of(matching.matching_messages(asked))


def test_a_common_word_is_walked_back_to(many, acme):
    asked = understand("common")
    assert matching.is_common(asked)
    rows = matching.newest_of_brands(matching.matching_messages(asked), [acme.pk], 60)
    assert "msg_of_brand" in plan_of(rows)
    assert "msg_words" not in plan_of(rows)


def test_two_common_words_that_are_rare_together_are_taken_from_the_index(many):
    assert not matching.is_common(understand("common word770"))


def test_a_person_is_taken_from_the_index(acme):
    from inbox.search.called import now_called

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_contact (x_user_id, handle, name, bio, location, is_verified,"
            " is_protected, first_seen_at) SELECT 'c' || n, 'handle' || n, 'Name ' || n, '', '',"
            " false, false, now() FROM generate_series(1, 50) n"
        )
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "contact_called" in plan_of(now_called("handle29", loosely=True))
    assert "contact_called" in plan_of(now_called("name 29", loosely=False))


def test_what_takes_too_long_is_told(ana_client, acme, monkeypatch):
    from inbox import search

    said(acme, "parcel")
    monkeypatch.setattr(search, "TIME_LIMIT_MS", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_message SET text = repeat('parcel of many words ', 100000)")
    page = ana_client.get(LIST, {"q": quote("parcel")}).text
    assert "That took too long" in page


def test_notes_before_a_moment_stay_in_order(find, acme, ana):
    first, second = said(acme, "a", 50), said(acme, "b", 40)
    at = timezone.now() - timedelta(minutes=20)
    make_note(first, ana, "parcel", created_at=at)
    make_note(second, ana, "parcel", created_at=at + timedelta(microseconds=1))
    assert find("parcel") == [second.pk, first.pk]
