"""Resolve, reopen, wait, snooze, wake: `inbox.actions.status`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from inbox.actions.receiving import receive
from inbox.actions.status import (
    ChangedMeanwhile,
    NotInTheFuture,
    reopen,
    resolve,
    snooze,
    wait,
    wake_due,
)
from inbox.models import Conversation
from tests.news import heard


def test_resolving_answers_everything(question, ana):
    resolve(question.conversation, by=ana)
    conversation = Conversation.objects.get()
    assert conversation.status == "resolved"
    assert conversation.unanswered_since is None


def test_it_is_recorded(question, ana):
    resolve(question.conversation, by=ana)
    event = question.conversation.events.get()
    assert (event.kind, event.actor) == ("resolved", ana)
    assert (event.before, event.after) == ({"status": "open"}, {"status": "resolved"})


@pytest.mark.django_db(transaction=True)
def test_it_is_announced(question, ana):
    with heard() as news:
        resolve(question.conversation, by=ana)
        assert [one["what"] for one in news()] == ["status"]


def test_resolving_twice_is_harmless(question, ana):
    resolve(question.conversation, by=ana)
    resolve(question.conversation, by=ana)
    assert question.conversation.events.count() == 1


def test_nothing_is_closed_unread(acme, question, ana, says):
    seen = question.conversation.version
    receive(acme, says("One more thing"))
    with pytest.raises(ChangedMeanwhile):
        resolve(question.conversation, by=ana, version=seen)
    assert Conversation.objects.get().status == "open"


def test_somebody_of_another_brand_can_do_nothing(question, zoe):
    with pytest.raises(PermissionDenied):
        resolve(question.conversation, by=zoe)


def test_reopening_a_resolved_one_owes_no_answer(question, ana):
    resolve(question.conversation, by=ana)
    reopen(question.conversation, by=ana)
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.unanswered_since) == ("open", None)


def test_waiting_keeps_the_time_of_the_first_unanswered_message(question, ana):
    wait(question.conversation, by=ana)
    conversation = Conversation.objects.get()
    assert conversation.status == "waiting"
    assert conversation.unanswered_since == question.sent_at


def test_a_snooze_ends_at_its_time(question, ana):
    snooze(question.conversation, until=timezone.now() + timedelta(hours=1), by=ana)
    assert wake_due() == 0
    Conversation.objects.update(snoozed_until=timezone.now())
    assert wake_due() == 1
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.snoozed_until) == ("open", None)
    assert [event.kind for event in conversation.events.all()] == ["snoozed", "woken"]


def test_waking_twice_is_harmless(question, ana):
    snooze(question.conversation, until=timezone.now() + timedelta(hours=1), by=ana)
    Conversation.objects.update(snoozed_until=timezone.now())
    assert (wake_due(), wake_due()) == (1, 0)


def test_a_snooze_into_the_past_is_refused(question, ana):
    with pytest.raises(NotInTheFuture):
        snooze(question.conversation, until=timezone.now(), by=ana)
