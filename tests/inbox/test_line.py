"""What the page says of a reply that waits: its place in line, when it goes, what is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from config.wording import ordinal
from inbox.actions.replies import Said, reply
from inbox.actions.retrying import retry
from inbox.actions.sending import doubt, take_next
from inbox.actions.taking_back import cancel
from inbox.channel import Allowance, Quota
from inbox.line import standings
from inbox.models import Message
from tests.factories import make_conversation, make_message, make_thread
from twitter_sync.models import RateBudget

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def budget(scope: str, endpoint: str, window: str, allowed: int, remaining: int, **ahead: int):
    return RateBudget.objects.create(
        scope=scope,
        endpoint=endpoint,
        window=window,
        allowed=allowed,
        remaining=remaining,
        resets_at=timezone.now() + timedelta(**ahead),
    )


@pytest.fixture
def used_up(acme):
    """@acme has sent all that X lets it send in these minutes."""
    who = f"user:{acme.x_user_id}"
    budget("app", "dm_send", "24h", 1_440, 212, hours=5)
    budget(who, "dm_send", "24h", 1_440, 1_000, hours=5)
    return budget(who, "dm_send", "15m", 15, 0, minutes=12)


@pytest.fixture
def others_before(acme, ana):
    """Two replies of other conversations of @acme wait already."""
    for number in range(2):
        thread = make_thread(make_conversation(acme))
        make_message(thread, "Hello?")
        reply(thread, Said(f"Hello {number}", uuid4()), by=ana)


def say(thread, by, text="On its way"):
    return reply(thread, Said(text, uuid4()), by=by)


# How long it takes


def test_what_is_left_goes_at_once():
    assert Quota([Allowance(QUARTER, 15, 4, NOON)]).send_eta(3) is None


@pytest.mark.parametrize(("ahead", "windows"), [(4, 0), (18, 0), (19, 1), (34, 2)])
def test_what_is_not_left_goes_when_a_window_begins_that_takes_it(ahead, windows):
    eta = Quota([Allowance(QUARTER, 15, 4, NOON)]).send_eta(ahead)
    assert eta == NOON + windows * QUARTER


def test_the_latest_of_the_windows_decides():
    day = Allowance(DAY, 1_440, 0, NOON + timedelta(hours=7), is_shared=True)
    assert Quota([Allowance(QUARTER, 15, 0, NOON), day]).send_eta(0) == day.resets_at


def test_a_window_that_lets_nothing_through_breaks_nothing():
    assert Quota([Allowance(QUARTER, 0, 0, NOON)]).send_eta(3) == NOON + 3 * QUARTER


def test_where_nobody_knows_of_limits_there_is_nothing_to_wait_for():
    assert Quota().send_eta(1_000) is None


def test_places_are_said_as_people_do():
    said = [ordinal(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1_023)]
    assert said == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "102nd",
        "111th",
        "1,023rd",
    ]


# Who goes before


def test_the_page_says_place_time_and_what_is_left(show, ana, question, used_up, others_before):
    say(question.thread, ana)
    page = " ".join(show(ana).text.split())
    at = timezone.localtime(used_up.resets_at)
    assert "3rd in line, sends about" in page
    assert f"{at:%H:%M}" in page
    assert "0 of 15 left this window, 212 of 1,440 today for all handles" in page
    assert 'data-controller="waiting"' in page


def test_with_quota_left_and_nobody_before_it_is_just_queued(show, ana, question):
    say(question.thread, ana)
    page = show(ana).text
    assert "Queued" in page
    assert "in line" not in page
    assert "left this window" not in page


def test_a_window_that_is_over_counts_as_full(acme, ana, question, used_up):
    RateBudget.objects.update(resets_at=timezone.now() - timedelta(seconds=1))
    message = say(question.thread, ana)
    found = standings(message.conversation, [message])[message.pk]
    assert found.goes_at is None
    assert (found.quota.window.left, found.quota.day.left) == (15, 1_440)


def test_replies_of_other_handles_and_kinds_are_not_before_it(
    acme, globex, ana, zoe, question, public_thread
):
    theirs = make_thread(make_conversation(globex))
    make_message(theirs, "Hello?")
    say(theirs, zoe)
    make_message(public_thread, "Hello!")
    say(public_thread, ana)
    message = say(question.thread, ana)
    assert standings(message.conversation, [message])[message.pk].ahead == 0


def test_the_next_of_a_conversation_goes_after_the_one_before(
    acme, ana, question, public_thread, used_up
):
    """Though X would let a public one through at once."""
    make_message(public_thread, "Hello!")
    first, second = say(question.thread, ana), say(public_thread, ana)
    found = standings(first.conversation, [first, second])
    assert found[first.pk].goes_at == used_up.resets_at
    assert found[second.pk].goes_at == used_up.resets_at


def test_behind_an_unconfirmed_one_the_others_wait_visibly(show, ana, question):
    first = say(question.thread, ana)
    second, third = say(question.thread, ana, "And more"), say(question.thread, ana, "And so on")
    take_next(first.conversation_id)
    doubt(first.pk, reason="No answer")
    found = standings(first.conversation, Message.objects.all())
    assert {found[second.pk].is_held, found[third.pk].is_held} == {True}
    page = show(ana).text
    assert page.count("Waits until it is known what became of the message before it") == 2
    assert "X did not confirm; checking" in page
    assert page.count('data-controller="waiting"') == 3


def test_history_says_who_chose_what_became_of_an_unconfirmed_one(show, ana, ben, question):
    message = say(question.thread, ana)
    for choose, by in ((retry, ana), (cancel, ben)):
        take_next(message.conversation_id)
        doubt(message.pk, reason="No answer")
        long_ago = timezone.now() - timedelta(minutes=5)
        Message.objects.filter(pk=message.pk).update(uncertain_since=long_ago)
        choose(message, by=by)
    page = show(ana).text
    assert "Ana Agent sent a message again that X had not confirmed" in page
    assert "Ben Agent left a message that X had not confirmed" in page


def test_what_is_held_in_another_conversation_is_before_nobody(acme, ana, question):
    thread = make_thread(make_conversation(acme))
    make_message(thread, "Hello?")
    stuck = say(thread, ana)
    say(thread, ana, "And more")
    take_next(stuck.conversation_id)
    doubt(stuck.pk, reason="No answer")
    message = say(question.thread, ana)
    assert standings(message.conversation, [message])[message.pk].ahead == 0


def test_any_number_of_them_takes_three_queries(acme, ana, question, django_assert_num_queries):
    messages = [say(question.thread, ana, f"Part {number}") for number in range(5)]
    conversation = messages[0].conversation
    with django_assert_num_queries(3):
        assert [one.ahead for one in standings(conversation, messages).values()] == [0, 1, 2, 3, 4]
    with django_assert_num_queries(0):
        assert standings(conversation, [question]) == {}
