"""Two conversations that belong together are linked, not merged."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inbox.actions.linking import NotLinkable, link, unlink
from inbox.actions.merging import merge
from inbox.actions.recording import MergedAway
from inbox.models import ConversationEvent, Link
from tests.factories import make_contact, make_conversation, make_message, make_thread
from tests.news import heard


@pytest.fixture
def other(acme):
    """Of somebody else, with the same handle."""
    conversation = make_conversation(acme, make_contact("dora"))
    make_message(make_thread(conversation), "We ordered together")
    return conversation


@pytest.fixture
def ask(client, sign_in):
    """`ask(ana, conversation, "12")`, as the form in the panel does."""

    def ask(user, conversation, number):
        address = reverse("inbox:links", args=[conversation.pk])
        headers = {"HX-Request": "true"}
        return sign_in(client, user).post(address, {"other": number}, headers=headers)

    return ask


def lines(conversation) -> list[tuple[str, int]]:
    events = ConversationEvent.objects.filter(
        conversation=conversation, kind__in=["linked", "unlinked"]
    )
    return [(event.kind, event.after["with"]) for event in events]


def test_both_show_the_other_and_say_who_linked_them(show, ask, ana, conversation, other):
    page = ask(ana, conversation, f"#{other.pk}")
    assert page.status_code == 200
    assert f'id="link-{other.pk}"' in page.text
    assert f"Ana Agent linked it with #{other.pk}" in page.text
    there = ask(ana, other, str(conversation.pk)).text
    assert f'id="link-{conversation.pk}"' in there
    assert Link.objects.count() == 1
    assert lines(conversation) == [("linked", other.pk)]
    assert lines(other) == [("linked", conversation.pk)]


def test_nothing_moves(ana, conversation, other):
    link(conversation, other=other, by=ana)
    assert (other.threads.count(), other.messages.count()) == (1, 1)
    assert conversation.threads.count() == 0


def test_from_either_side_and_twice_it_is_one_link(ana, ben, conversation, other):
    first = link(conversation, other=other, by=ana)
    assert link(other, other=conversation, by=ben) == first
    assert len(lines(conversation)) == 1


def test_unlinking_undoes_it_from_either_side_and_twice_is_once(
    client, sign_in, ana, conversation, other
):
    link(conversation, other=other, by=ana)
    address = reverse("inbox:linked", args=[other.pk, conversation.pk])
    page = sign_in(client, ana).delete(address, headers={"HX-Request": "true"})
    assert f'id="link-{conversation.pk}"' not in page.text
    unlink(conversation, other=other, by=ana)
    assert lines(conversation) == [("linked", other.pk), ("unlinked", other.pk)]
    assert lines(other) == [("linked", conversation.pk), ("unlinked", conversation.pk)]


@pytest.mark.django_db(transaction=True)
def test_the_desks_of_both_hear_of_it(ana, conversation, other):
    with heard() as news:
        link(conversation, other=other, by=ana)
        assert {one["id"] for one in news()} == {conversation.pk, other.pk}


def test_a_conversation_is_not_linked_to_itself(ask, ana, conversation):
    with pytest.raises(NotLinkable):
        link(conversation, other=conversation, by=ana)
    assert ask(ana, conversation, conversation.pk).status_code == 422


def test_only_conversations_of_one_handle_are_linked(acme, globex, zoe, ana, conversation):
    with pytest.raises(NotLinkable):
        link(conversation, other=make_conversation(globex), by=ana)
    assert not Link.objects.exists()


@pytest.mark.parametrize("number", ["foreign", "999999999", "abc", ""])
def test_what_somebody_does_not_see_is_nothing_to_them(ask, globex, ana, conversation, number):
    foreign = make_conversation(globex).pk
    answer = ask(ana, conversation, foreign if number == "foreign" else number)
    assert answer.status_code == 422
    assert "You see no conversation" in answer["HX-Trigger"] or number in ("abc", "")
    assert not Link.objects.exists()


def test_to_another_brand_neither_exists(ask, client, zoe, ana, conversation, other):
    assert ask(zoe, conversation, other.pk).status_code == 404
    link(conversation, other=other, by=ana)
    address = reverse("inbox:linked", args=[conversation.pk, other.pk])
    assert client.delete(address).status_code == 404
    assert Link.objects.exists()


def test_one_that_was_merged_away_is_not_linked(acme, carla, ana, conversation, other):
    gone = make_conversation(acme, carla)
    make_message(make_thread(gone), "The same matter")
    merge(gone, into=conversation, by=ana)
    with pytest.raises(MergedAway):
        link(gone, other=other, by=ana)
