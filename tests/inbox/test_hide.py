"""Hide an answer and show it again, before X is asked: `inbox.actions.hiding`."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from inbox.actions.hiding import CannotHide, hide, settle, unhide
from inbox.actions.wishing import Done, Refused
from inbox.models import Hiding
from tests.factories import make_message, make_thread, next_x_id
from tests.news import heard
from twitter_sync.models import KnownPost


@pytest.fixture
def answer(public_thread, acme):
    """Carla answers a post with which @acme began a conversation."""
    first = public_thread.x_conversation_id
    KnownPost.objects.create(post_id=first, author_id=acme.x_user_id, availability="seen")
    return make_message(public_thread, "Liars", answers_external_id=first)


def test_an_agent_hides_an_answer(answer, ana):
    wish = hide(answer, by=ana)
    assert Hiding.objects.get() == wish
    assert (wish.message, wish.wanted, wish.held, wish.state) == (answer, True, False, "pending")


def test_it_is_recorded_with_its_undoing(answer, ana):
    hide(answer, by=ana)
    unhide(answer, by=ana)
    events = answer.conversation.events.all()
    assert [(event.kind, event.actor, event.message) for event in events] == [
        ("hidden", ana, answer),
        ("unhidden", ana, answer),
    ]


@pytest.mark.django_db(transaction=True)
def test_it_is_announced_for_the_brand(answer, ana, acme):
    with heard() as news:
        hide(answer, by=ana)
        assert [(one["brand"], one["what"]) for one in news()] == [(acme.pk, "message")]


def test_somebody_of_another_brand_can_do_nothing(answer, zoe, olga):
    for person in (zoe, olga):
        with pytest.raises(PermissionDenied):
            hide(answer, by=person)


def test_twice_is_once(answer, ana, ben):
    hide(answer, by=ana)
    hide(answer, by=ben)
    assert answer.conversation.events.count() == 1


def test_showing_what_was_never_hidden_changes_nothing(answer, ana):
    assert unhide(answer, by=ana) is None
    assert not answer.conversation.events.exists()


def test_x_confirms_or_refuses(answer, ana):
    wish = hide(answer, by=ana)
    settle(wish.pk, Done(did=True))
    wish.refresh_from_db()
    assert (wish.held, wish.state) == (True, "done")
    unhide(answer, by=ana)
    settle(wish.pk, Refused(did=False, reason="Not now."))
    wish.refresh_from_db()
    assert (wish.held, wish.state, wish.reason) == (True, "refused", "Not now.")
    assert answer.conversation.events.last().kind == "hide_refused"


def test_the_first_post_of_a_conversation_is_nobodys_to_hide(public_thread, ana):
    first = make_message(public_thread, "@acme help", external_id=public_thread.x_conversation_id)
    with pytest.raises(CannotHide, match="This post began the conversation"):
        hide(first, by=ana)


def test_below_a_post_of_somebody_else_it_says_why_not(conversation, ana):
    first = next_x_id()
    KnownPost.objects.create(post_id=first, author_id="777", availability="seen")
    thread = make_thread(conversation, "public", first)
    message = make_message(thread, "@acme look", answers_external_id=first)
    with pytest.raises(CannotHide, match="@acme can hide only answers below its own posts"):
        hide(message, by=ana)
    assert not Hiding.objects.exists()


def test_where_nobody_knows_who_began_it_x_is_asked(conversation, ana):
    thread = make_thread(conversation, "public")
    message = make_message(thread, "@acme look", answers_external_id=thread.x_conversation_id)
    assert hide(message, by=ana).state == "pending"


@pytest.mark.parametrize("case", ["private", "ours", "deleted"])
def test_only_public_answers_of_others_are_hidden(case, answer, dm_thread, public_thread, ana):
    first = public_thread.x_conversation_id
    if case == "private":
        message = make_message(dm_thread, "Hello")
    elif case == "ours":
        message = make_message(public_thread, "Hi", ours=True, answers_external_id=first)
    else:
        message = make_message(public_thread, answers_external_id=first, deleted_at=timezone.now())
    with pytest.raises(CannotHide):
        hide(message, by=ana)
