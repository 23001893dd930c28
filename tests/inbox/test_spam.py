"""Spam and back: `inbox.actions.spam`."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from inbox import desk
from inbox.actions.receiving import receive
from inbox.actions.spam import mark_spam, unmark_spam
from inbox.actions.status import ChangedMeanwhile, resolve, wait
from inbox.models import Conversation
from tests.factories import minutes_ago
from tests.news import heard


def views_with(user, conversation) -> set[str]:
    brands = desk.brands_of(user)
    return {
        view.name
        for view in desk.VIEWS.values()
        if conversation in desk.page(view, user, brands).rows
    }


def test_it_leaves_every_view_but_its_own(question, ana):
    mark_spam(question.conversation, by=ana)
    assert views_with(ana, question.conversation) == {"spam"}


def test_no_count_has_it_but_that_of_spam(question, ana):
    mark_spam(question.conversation, by=ana)
    counts = desk.counts(ana, desk.brands_of(ana))
    assert counts.pop("spam") == 1
    assert set(counts.values()) == {0}
    assert desk.counts_by_brand(ana) == {}


def test_not_spam_brings_it_back_as_it_was(question, ana):
    wait(question.conversation, by=ana)
    mark_spam(question.conversation, by=ana)
    unmark_spam(question.conversation, by=ana)
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.is_spam) == ("waiting", False)
    assert views_with(ana, conversation) == {"waiting", "needs-answer"}


def test_it_is_recorded(question, ana):
    mark_spam(question.conversation, by=ana)
    unmark_spam(question.conversation, by=ana)
    events = question.conversation.events.all()
    assert [(event.kind, event.actor, event.after) for event in events] == [
        ("marked_spam", ana, {"is_spam": True}),
        ("unmarked_spam", ana, {"is_spam": False}),
    ]


@pytest.mark.django_db(transaction=True)
def test_it_is_announced_for_the_brand(question, ana, acme):
    with heard() as news:
        mark_spam(question.conversation, by=ana)
        assert [(one["brand"], one["what"]) for one in news()] == [(acme.pk, "status")]


def test_twice_is_harmless(question, ana):
    mark_spam(question.conversation, by=ana)
    mark_spam(question.conversation, by=ana)
    assert question.conversation.events.count() == 1


def test_nothing_is_put_away_unread(acme, question, ana, says):
    seen = question.conversation.version
    receive(acme, says("I am a person after all"))
    with pytest.raises(ChangedMeanwhile):
        mark_spam(question.conversation, by=ana, version=seen)
    assert not Conversation.objects.get().is_spam


def test_somebody_of_another_brand_can_do_nothing(question, zoe):
    with pytest.raises(PermissionDenied):
        mark_spam(question.conversation, by=zoe)


def test_what_comes_into_a_spam_conversation_stays_spam(acme, ana, says):
    first = receive(acme, says("Cheap watches", at=minutes_ago(9)))
    mark_spam(first.conversation, by=ana)
    again = receive(acme, says("Very cheap watches", at=minutes_ago(3)))
    assert again.conversation_id == first.conversation_id
    assert views_with(ana, again.conversation) == {"spam"}


def test_spam_that_was_resolved_long_ago_keeps_what_comes_too(acme, ana, says):
    first = receive(acme, says("Cheap watches", at=minutes_ago(60 * 24 * 30)))
    resolve(first.conversation, by=ana)
    Conversation.objects.update(resolved_at=minutes_ago(60 * 24 * 29))
    mark_spam(first.conversation, by=ana)
    again = receive(acme, says("Very cheap watches", at=minutes_ago(3)))
    assert again.conversation_id == first.conversation_id
    assert views_with(ana, again.conversation) == {"spam"}


def test_a_new_public_post_of_the_same_person_is_looked_at_anew(acme, ana, says):
    first = receive(acme, says("Cheap watches", at=minutes_ago(9)))
    mark_spam(first.conversation, by=ana)
    public = receive(acme, says("@acme where is my parcel?", at=minutes_ago(3), kind="public"))
    assert public.conversation_id != first.conversation_id
    assert not public.conversation.is_spam
