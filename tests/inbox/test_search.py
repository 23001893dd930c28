"""Search of the desk: what is found, by whom, in what order; never another brand's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.actions.receiving import mark_deleted, receive
from inbox.actions.revising import keep_former
from inbox.models import ContactHandle
from inbox.search import matching
from tests.factories import (
    make_contact,
    make_conversation,
    make_membership,
    make_message,
    make_note,
    make_thread,
    minutes_ago,
)
from tests.inbox.finding import SEARCH, analyse, numbers, said, says_more


@pytest.fixture(params=["by the index", "by the walk"])
def either_way(db, request, monkeypatch):
    """As if all words were rare, and as if all were common."""
    monkeypatch.setattr(matching, "WALK_COST", 0 if request.param == "by the walk" else 10**9)
    analyse()


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
def test_a_note_is_found_and_says_that_it_is_one(desk, find, acme, ana):
    conversation = said(acme, "Hello")
    make_note(conversation, ana, "Promised a <b>voucher</b>")
    page = desk.get(SEARCH, {"q": "voucher"})
    assert numbers(page) == [conversation.pk]
    assert "#sticky-note" in page.text
    assert "Promised a &lt;b&gt;<mark>voucher</mark>&lt;/b&gt;" in page.text


@both_ways
def test_pages_have_no_gap_and_nothing_twice(desk, acme, ana):
    expected = []
    for number in range(70):
        conversation = said(acme, f"parcel {number}", minutes=200 - number)
        for extra in range(number % 3):
            says_more(conversation, "parcel", 200 + extra)
        if number % 7 == 0:
            make_note(conversation, ana, "parcel", created_at=minutes_ago(300 - number))
        expected.append(conversation.pk)
    assert sorted(all_pages(desk, "parcel")) == expected


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
def test_resolved_and_spam_are_found_and_say_so(desk, acme):
    said(acme, "parcel", 1, status="resolved")
    said(acme, "parcel", 2, is_spam=True)
    page = desk.get(SEARCH, {"q": "parcel"}).text
    assert len(re.findall(r"</svg>Resolved", page)) == 1
    assert len(re.findall(r"</svg>Spam", page)) == 1


def all_pages(client, words: str) -> list[int]:
    page = client.get(SEARCH, {"q": words})
    found = numbers(page)
    while following := re.search(r'hx-get="([^"]+after=[^"]+)"', page.text):
        page = client.get(following[1].replace("&amp;", "&"))
        found += numbers(page)
    return found


def test_the_walk_goes_back_a_bounded_way_and_says_how_far(desk, acme, monkeypatch):
    monkeypatch.setattr(matching, "WALK_COST", 0)
    monkeypatch.setattr(matching, "WALK", 10)
    first = said(acme, "needle", minutes=500)
    for number in range(24):
        said(acme, "hay", minutes=400 - number)
    last = said(acme, "needle", minutes=1)
    page = desk.get(SEARCH, {"q": "needle"})
    assert numbers(page) == [last.pk]
    assert "Searched back to" in page.text
    assert all_pages(desk, "needle") == [last.pk, first.pk]


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
def test_a_post_is_found_by_its_id_or_link(desk, find, acme, written):
    conversation = said(acme, "Look at this", kind="public")
    message = conversation.messages.get()
    page = desk.get(SEARCH, {"q": written.format(message.external_id)})
    assert numbers(page) == [conversation.pk]
    assert f"#message-{message.pk}" in page.text


def test_an_edited_post_is_found_by_its_old_link(desk, find, acme, globex):
    ours, theirs = said(acme, "Hello", kind="public"), said(globex, "Hello", kind="public")
    keep_former(ours.messages.get(), ["1700000000000000001"])
    keep_former(theirs.messages.get(), ["1700000000000000002"])
    assert find("https://x.com/carla/status/1700000000000000001") == [ours.pk]
    assert find("1700000000000000001") == [ours.pk]
    assert find("1700000000000000002") == []


def test_a_match_far_up_is_shown_when_it_is_opened(desk, acme):
    conversation = said(acme, "needle", minutes=100)
    for number in range(60):
        says_more(conversation, "hay", 90 - number)
    page = desk.get(SEARCH, {"q": "needle"}).text
    address = re.search(r'href="(/conversations/[^"#]+)#message', page)[1].replace("&amp;", "&")
    assert "needle" in re.sub(r"q=needle", "", desk.get(address).text)


def test_notes_before_a_moment_stay_in_order(find, acme, ana):
    first, second = said(acme, "a", 50), said(acme, "b", 40)
    at = timezone.now() - timedelta(minutes=20)
    make_note(first, ana, "parcel", created_at=at)
    make_note(second, ana, "parcel", created_at=at + timedelta(microseconds=1))
    assert find("parcel") == [second.pk, first.pk]
