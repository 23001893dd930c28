"""The page of a person: what is there for whom, by pages, at a constant cost."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.actions.blocking import block, settle
from inbox.actions.wishing import Done, Refused
from inbox.models import ContactHandle, DmBlock
from tests.factories import (
    make_brand,
    make_conversation,
    make_membership,
    make_message,
    make_thread,
    minutes_ago,
)

QUERIES = 11


@pytest.fixture
def look(client, sign_in):
    """`look(ana, carla)`: the person's page as she gets it."""

    def look(user, contact, query: str = "", **headers):
        address = reverse("inbox:contact", args=[contact.pk]) + query
        return sign_in(client, user).get(address, headers=headers)

    return look


def numbers(page) -> list[int]:
    return [int(number) for number in re.findall(r'href="/conversations/(\d+)/"', page.text)]


def test_it_tells_who_the_person_is_on_x(look, ana, question, carla):
    carla.bio, carla.location, carla.followers = "Bakes bread", "Toledo", 1234
    carla.profile_as_of = minutes_ago(5)
    carla.save()
    page = look(ana, carla)
    for words in ("Carla Customer", "@carla", "Bakes bread", "Toledo", "1,234", "As X told us"):
        assert words in page.text


def test_what_the_person_wrote_of_herself_is_text(look, ana, question, carla):
    carla.name = "Eve\u202egro.live <b>"
    carla.bio = "<script>alert(1)</script>\nhttps://evil.example/\u2066x\u0000".replace("\x00", "")
    carla.location = "<img src=x>\u200f"
    carla.save()
    text = look(ana, carla).text
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nhttps://evil.example/x" in text
    assert 'href="https://evil.example' not in text
    assert not {"\u202e", "\u2066", "\u200f"} & set(text)


def test_handles_are_listed_with_the_time_they_were_first_seen(look, ana, question, carla):
    for handle, minutes in (("carla", 5), ("old\u202ecarla", 500)):
        ContactHandle.objects.create(
            contact=carla, handle=handle, first_seen_at=minutes_ago(minutes)
        )
    text = look(ana, carla).text
    assert text.index("@carla</span>") < text.index("@oldcarla")


def test_every_conversation_of_ones_brands_is_there_newest_first(look, ana, acme, carla):
    oldest = make_conversation(acme, carla, status="resolved", last_activity_at=minutes_ago(90))
    spam = make_conversation(acme, carla, is_spam=True, last_activity_at=minutes_ago(60))
    newest = make_conversation(acme, carla, last_activity_at=minutes_ago(3))
    for kind in ("dm", "public"):
        make_message(make_thread(newest, kind), "Hello", sent_at=minutes_ago(3))
    page = look(ana, carla)
    assert numbers(page) == [newest.number, spam.number, oldest.number]
    for words in ("Private", "Public", "Resolved", "Spam", "Needs an answer"):
        assert words in page.text


def test_of_other_brands_there_is_nothing_not_even_a_number(look, ana, zoe, acme, globex, carla):
    ours, theirs = make_conversation(acme, carla), make_conversation(globex, carla)
    make_message(make_thread(theirs), "A secret of globex")
    page = look(ana, carla)
    assert numbers(page) == [ours.number]
    assert "globex" not in page.text
    assert "secret" not in page.text
    assert re.findall(r"<dt>Conversations</dt><dd[^>]*>(\d+)", page.text) == ["1"]
    assert re.findall(r"<dt>Messages</dt><dd[^>]*>(\d+)", page.text) == ["0"]
    assert numbers(look(zoe, carla)) == [theirs.number]


def test_whoever_sees_no_conversation_sees_no_person(look, zoe, olga, question, carla):
    for person in (zoe, olga):
        assert look(person, carla).status_code == 404


def test_pages_follow_one_another_without_a_gap(look, ana, acme, carla):
    for minutes in range(60):
        make_conversation(acme, carla, last_activity_at=minutes_ago(minutes // 2))
    seen: list[int] = []
    page = look(ana, carla)
    while True:
        seen += numbers(page)
        more = re.search(r'hx-get="[^"]*(\?after=[^"]+)"', page.text)
        if more is None:
            break
        page = look(ana, carla, more[1], **{"HX-Request": "true"})
        assert "<html" not in page.text
    assert len(seen) == len(set(seen)) == 60


def test_a_place_in_the_list_that_nobody_gave_out_is_refused(look, ana, question, carla):
    assert look(ana, carla, "?after=nonsense").status_code == 400


def test_it_costs_the_same_at_any_size(
    client, sign_in, ana, acme, carla, django_assert_num_queries
):
    def grow(by: int) -> None:
        for number in range(by):
            brand = make_brand()
            make_membership(ana, brand, Role.MANAGER)
            DmBlock.objects.create(brand=brand, contact=carla, wanted=True, asked_by=ana)
            thread = make_thread(make_conversation(brand, carla), ("dm", "public")[number % 2])
            make_message(thread)
            ContactHandle.objects.create(
                contact=carla, handle=f"h{brand.pk}", first_seen_at=minutes_ago(1)
            )

    address = reverse("inbox:contact", args=[carla.pk])
    sign_in(client, ana)
    grow(2)
    with django_assert_num_queries(QUERIES):
        client.get(address)
    grow(20)
    with django_assert_num_queries(QUERIES):
        assert client.get(address).status_code == 200


def test_they_are_with_us_since_their_first_word_by_the_clock_of_x(look, ana, acme, carla):
    """Conversations were made on the day of connecting."""
    for days in (20, 400, 3):
        thread = make_thread(make_conversation(acme, carla))
        for later in (0, 30):
            make_message(thread, sent_at=minutes_ago(days * 1440 - later))
    page = look(ana, carla).text
    since = re.findall(r'<dt>Since</dt><dd><time datetime="(\d{4}-\d\d-\d\d)', page)
    assert since == [minutes_ago(400 * 1440).strftime("%Y-%m-%d")]
    assert re.findall(r"<dt>Messages</dt><dd[^>]*>(\d+)", page) == ["6"]


# Blocking from here


def test_a_manager_blocks_from_here_and_sees_it_wait_for_x(
    client, sign_in, look, sam, question, carla
):
    address = reverse("inbox:block", args=[question.conversation.number])
    answer = sign_in(client, sam).post(address, {"blocked": "yes"})
    assert answer["Location"] == reverse("inbox:contact", args=[carla.pk])
    page = look(sam, carla)
    assert "Blocking for DMs on X…" in page.text
    assert 'hx-trigger="every 2s"' in page.text
    settle(DmBlock.objects.get().pk, Done(did=True))
    page = look(sam, carla)
    assert "Blocked for DMs since" in page.text
    assert "by Sam Manager" in page.text
    assert "hx-trigger" not in page.text
    assert "Unblock for DMs" in page.text


def test_while_x_is_asked_the_page_asks_for_that_part_alone_and_less_often_later(
    look, sam, question, carla
):
    wish = block(question.conversation, by=sam)
    part = look(sam, carla, **{"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section class="card" id="contact-brands"')
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part
    DmBlock.objects.filter(pk=wish.pk).update(asked_at=minutes_ago(2))
    assert 'hx-trigger="every 15s"' in look(sam, carla).text


@pytest.mark.parametrize("status", ["paused", "needs_reconnect", "disconnected"])
def test_of_a_handle_that_asks_x_for_nothing_no_answer_is_waited_for(
    look, sam, acme, question, carla, status
):
    block(question.conversation, by=sam)
    acme.status = status
    acme.save()
    text = look(sam, carla).text
    assert "It waits until @acme is connected" in text
    assert "hx-trigger" not in text


def test_what_x_refused_is_told_in_its_words(look, sam, question, carla):
    wish = block(question.conversation, by=sam)
    settle(wish.pk, Refused(did=True, reason="Reconnect @acme to allow it."))
    assert "X did not block: Reconnect @acme to allow it." in look(sam, carla).text


def test_an_agent_sees_a_block_and_no_button(look, ana, sam, question, carla):
    block(question.conversation, by=sam)
    text = look(ana, carla).text
    assert "Blocking for DMs" in text
    assert f'action="{reverse("inbox:block", args=[question.conversation.number])}"' not in text
