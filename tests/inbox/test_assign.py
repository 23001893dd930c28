"""Claim, assign, unassign: `inbox.actions.assignment`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from inbox.actions.assignment import AlreadyAssigned, NotAMember, assign, claim, unassign
from inbox.models import Assignment, Conversation
from tests.factories import make_user
from tests.news import heard


def test_an_agent_claims_what_nobody_has(conversation, ana):
    claim(conversation, by=ana)
    conversation.refresh_from_db()
    assert conversation.assignee == ana
    assert conversation.assignments.get().assigned_by == ana


def test_it_is_recorded_with_before_and_after(conversation, ana):
    claim(conversation, by=ana)
    event = conversation.events.get()
    assert (event.kind, event.actor, event.subject) == ("assigned", ana, ana)
    assert (event.before, event.after) == ({"assignee": None}, {"assignee": ana.pk})


@pytest.mark.django_db(transaction=True)
def test_it_is_announced_for_the_brand(conversation, ana):
    with heard() as news:
        claim(conversation, by=ana)
        told = news()
    assert [(one["id"], one["what"]) for one in told] == [(conversation.pk, "assignment")]


def test_claiming_twice_is_harmless(conversation, ana):
    claim(conversation, by=ana)
    claim(conversation, by=ana)
    assert conversation.events.count() == 1


def test_the_loser_is_told_who_won(conversation, ana, ben):
    claim(conversation, by=ana)
    with pytest.raises(AlreadyAssigned) as lost:
        claim(conversation, by=ben)
    assert lost.value.holder == ana


@pytest.mark.django_db(transaction=True)
def test_fifty_agents_at_once_have_one_winner(conversation, acme):
    agents = [make_user(f"Agent{number} Many", acme) for number in range(50)]
    barrier = Barrier(10)

    def attempt(agent):
        if agent in agents[:10]:
            barrier.wait()
        try:
            claim(Conversation.objects.get(pk=conversation.pk), by=agent)
        except AlreadyAssigned as lost:
            return lost.holder.pk
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(attempt, agents))
    winner = Conversation.objects.get().assignee_id
    assert results.count("won") == 1
    assert set(results) == {"won", winner}
    assert Assignment.objects.filter(ended_at=None).count() == 1


def test_a_manager_gives_it_to_anyone_of_the_brand(conversation, sam, ben):
    assign(conversation, to=ben, by=sam)
    assert Conversation.objects.get().assignee == ben


def test_a_manager_moves_it_and_the_first_assignment_ends(conversation, sam, ana, ben):
    assign(conversation, to=ana, by=sam)
    assign(conversation, to=ben, by=sam)
    first, second = conversation.assignments.order_by("id")
    assert (first.assignee, second.assignee) == (ana, ben)
    assert first.ended_at is not None
    assert second.ended_at is None


def test_a_manager_who_saw_another_holder_is_told(conversation, sam, ana, ben):
    claim(conversation, by=ana)
    with pytest.raises(AlreadyAssigned):
        assign(conversation, to=ben, by=sam, held_by=None)


def test_an_agent_may_not_give_it_to_a_colleague(conversation, ana, ben):
    with pytest.raises(PermissionDenied):
        assign(conversation, to=ben, by=ana)


def test_nobody_gets_it_who_is_no_member(conversation, sam, zoe):
    with pytest.raises(NotAMember):
        assign(conversation, to=zoe, by=sam)


def test_somebody_of_another_brand_can_do_nothing(conversation, zoe):
    with pytest.raises(PermissionDenied):
        claim(conversation, by=zoe)


def test_an_agent_gives_back_what_is_theirs(conversation, ana):
    claim(conversation, by=ana)
    unassign(conversation, by=ana)
    assert Conversation.objects.get().assignee is None
    assert not conversation.assignments.filter(ended_at=None).exists()


def test_an_agent_takes_nothing_from_a_colleague(conversation, ana, ben):
    claim(conversation, by=ana)
    with pytest.raises(PermissionDenied):
        unassign(conversation, by=ben)


def test_assigning_leaves_the_waiting_time_alone(question, ana):
    claim(question.conversation, by=ana)
    assert Conversation.objects.get().unanswered_since == question.sent_at
