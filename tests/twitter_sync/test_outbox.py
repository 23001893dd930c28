"""Many replies at once, and an X that behaves badly: what the outbox promises of all of them.

The numbers of a check stand in the catalogue of trust; the small ones run always, the whole deep.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from inbox.actions.taking_back import TooLate, cancel
from inbox.line import standings
from inbox.models import Message
from tests.factories import (
    make_membership,
)
from tests.twitter_sync.bodies import dm, push, told_dms
from tests.twitter_sync.outbox import calls, echo, say, sent, taken
from tests.twitter_sync.small_x import Said
from tests.twitter_sync.working import apply_all
from tests.x import Simulator
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.sending import (
    accepted,
    begin,
    due_conversations,
    hand_to_x,
    send_next,
)
from twitter_sync.budgets import lifted
from twitter_sync.models import RateBudget, SendAttempt

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 8


def work() -> None:
    """Workers take what the sweep rings for, in its order, until nothing is due any more: what is
    due is sent, put back for later, or held up."""
    due: SimpleQueue[int] = SimpleQueue()

    def worker(_: int) -> None:
        try:
            while True:
                send_next(due.get_nowait())
        except Empty:
            pass
        finally:
            connection.close()

    while conversations := due_conversations(timezone.now()):
        for conversation_id in conversations:
            due.put(conversation_id)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(worker, range(WORKERS)))


# One click is one message


def test_a_double_click_in_two_tabs_and_a_retry_are_one_message(simulator, brand, agent, asked):
    """O7: the same key twenty times at once."""
    thread, key = asked(brand), uuid4()

    def click(_: int) -> int:
        try:
            return say(thread, agent, "On its way.", key).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        keys = set(pool.map(click, range(20)))
    work()
    assert len(keys) == 1
    assert sent(simulator, brand) == ["On its way."]


# Quotas


def test_past_the_quota_the_rest_waits_in_order_and_says_until_when(simulator, brand, agent, asked):
    """O10: 40 replies in 10 conversations, 15 in a quarter of an hour, eight workers."""
    threads = [asked(brand) for _ in range(10)]
    for number in range(40):
        say(threads[number % 10], agent, f"{number % 10}: part {number // 10}")
    total = 0
    for allowed in (15, 15, 10):
        work()
        total += allowed
        made = calls(simulator, brand)
        assert [call["status"] for call in made] == [201] * total
        if total < 40:
            assert all(standing.goes_at for standing in standings_of_all())
            pass_a_quarter(simulator)
    said = defaultdict(list)
    for text in sent(simulator, brand):
        said[text.split(":")[0]].append(text)
    assert all(parts == sorted(parts) for parts in said.values())
    assert not Message.objects.filter(direction="out").exclude(state="sent").exists()


def standings_of_all() -> Iterator[Any]:
    for first in (
        Message.objects.filter(state="queued").order_by("conversation").distinct("conversation")
    ):
        yield standings(first.conversation, [first])[first.pk]


def pass_a_quarter(simulator: Simulator) -> None:
    simulator.post("quotas", renew=True)
    past = timezone.now() - timedelta(seconds=1)
    RateBudget.objects.filter(window="15m").update(resets_at=past)
    Message.objects.filter(state="queued").update(not_before=past)


def test_the_last_of_the_day_is_shared_fairly_between_handles(
    simulator, connected, brand, agent, asked
):
    """O11: 1,440 a day for all handles together, of which 30 are left for 60 replies of three."""
    brands = [brand, connected(), connected()]
    for other in brands[1:]:
        make_membership(agent, other)
    for one in brands:
        for number in range(20):
            say(asked(one), agent, f"Reply {number}")
    RateBudget.objects.create(
        scope="app",
        endpoint="dm_send",
        window="24h",
        allowed=1_440,
        remaining=30,
        resets_at=timezone.now() + timedelta(hours=25),
    )
    work()
    shares = [len(sent(simulator, one)) for one in brands]
    assert sum(shares) == 30
    assert max(shares) <= 2 * min(shares)
    made = [call for one in brands for call in calls(simulator, one)]
    assert {call["status"] for call in made} == {201}
    work()
    assert len([call for one in brands for call in calls(simulator, one)]) == len(made)
    left = Message.objects.filter(state="queued").first()
    standing = standings(left.conversation, [left])[left.pk]
    assert (standing.quota.day.left, standing.quota.day.is_shared) == (0, True)
    assert standing.goes_at > timezone.now() + timedelta(hours=1)


def test_handles_take_turns_whoever_has_the_longer_queue(simulator, connected, brand, agent, asked):
    other = connected()
    make_membership(agent, other)
    longer = [say(asked(brand), agent, "Hello") for _ in range(3)]
    shorter = say(asked(other), agent, "Hello")
    assert due_conversations(timezone.now()) == [
        message.conversation_id for message in (longer[0], shorter, longer[1], longer[2])
    ]


def test_nobody_is_rung_for_what_can_not_go_yet(brand, agent, asked):
    """One before it in the conversation waits for X, or is in doubt."""
    thread = asked(brand)
    first, second = say(thread, agent, "Hello"), say(thread, agent, "And more")
    waiting = Message.objects.filter(pk=first.pk)
    waiting.update(not_before=timezone.now() + timedelta(minutes=5))
    assert due_conversations(timezone.now()) == []
    waiting.update(state="uncertain", uncertain_since=timezone.now())
    assert due_conversations(timezone.now()) == []
    waiting.update(state="cancelled")
    assert due_conversations(timezone.now()) == [second.conversation_id]


# Second thoughts


@pytest.mark.parametrize("tries", [20, pytest.param(1_000, marks=pytest.mark.deep)])
def test_what_was_taken_back_is_never_sent_and_the_rest_once(
    simulator, without_quotas, brand, agent, asked, tries
):
    """O12: undo at 0 to 100 % of the time for it, to the last moment and beyond."""
    thread, window = asked(brand), 0.05
    fates = {}
    with ThreadPoolExecutor(2) as pool:
        for number in range(tries + 1):
            message = say(thread, agent, f"Try {number}")
            due = timezone.now() + timedelta(seconds=window)
            Message.objects.filter(pk=message.pk).update(not_before=due)
            undone = pool.submit(undo_after, window * number / tries, message, agent)
            if number == 0:  # However slow the machine is: one is undone in time.
                undone.result(timeout=60)
            pool.submit(send_once_due, message).result(timeout=60)
            undone.result(timeout=60)
            message.refresh_from_db()
            fates[f"Try {number}"] = message.state
    assert set(fates.values()) <= {"sent", "cancelled"}
    assert fates["Try 0"] == "cancelled"
    assert sent(simulator, brand) == [words for words, fate in fates.items() if fate == "sent"]


def undo_after(seconds: float, message: Message, by: User) -> None:
    time.sleep(seconds)
    try:
        cancel(Message.objects.get(pk=message.pk), by=by)
    except TooLate:
        pass
    finally:
        connection.close()


def send_once_due(message: Message) -> None:
    """As the ring does that comes when the time is over, and every one after it."""
    waiting = Message.objects.filter(pk=message.pk, state="queued")
    try:
        with lifted():
            while waiting.exists():
                send_next(message.conversation_id)
    finally:
        connection.close()


# What X does not confirm


@pytest.mark.parametrize("sends", [30, pytest.param(2_000, marks=pytest.mark.deep)])
def test_what_x_took_without_a_word_is_sent_once_and_settled_by_its_echo(
    simulator, without_quotas, brand, agent, asked, client, sends
):
    """O1 and O2: X accepts a reply and drops the connection, for one in five."""
    threads = [asked(brand) for _ in range(10)]
    told = {"fault": "cut", "when": "after", "brand": brand.x_user_id, "endpoint": "POST *"}
    simulator.post("faults", **told, share=0.2, seed=7, times=sends)
    doubts = 0
    with lifted():
        for number in range(sends):
            message = say(threads[number % 10], agent, f"Reply {number}")
            send_next(message.conversation_id)
            message.refresh_from_db()
            if message.state == "uncertain":
                doubts += 1
                assert send_next(message.conversation_id) is None
                echo(simulator, client, message)
    assert doubts
    assert sent(simulator, brand) == [f"Reply {number}" for number in range(sends)]
    ours = Message.objects.filter(direction="out", state="sent")
    on_x = [dm["id"] for dm in taken(simulator, brand)]
    assert list(ours.order_by("id").values_list("external_id", flat=True)) == on_x
    assert SendAttempt.objects.count() == sends


@pytest.mark.parametrize("rounds", [15, pytest.param(1_000, marks=pytest.mark.deep)])
def test_an_echo_that_comes_when_the_answer_does_is_no_other_message(
    simulator, without_quotas, brand, agent, asked, client, rounds
):
    """O4: up to 50 ms before it or after it, each on a worker of its own."""
    threads, lots = [asked(brand) for _ in range(10)], random.Random(4)
    with lifted(), ThreadPoolExecutor(2) as workers:
        for number in range(rounds):
            message = say(threads[number % 10], agent, f"Reply {number}")
            attempt = begin(message.conversation_id)
            assert attempt
            x_id, lead = hand_to_x(attempt.message), lots.uniform(-0.05, 0.05)
            answered = workers.submit(after, max(0, lead), partial(accepted, attempt, x_id))
            echoed = workers.submit(
                after, max(0, -lead), partial(echo, simulator, client, attempt.message)
            )
            answered.result()
            echoed.result()
    apply_all()
    ours = Message.objects.filter(direction="out").order_by("id")
    on_x = [dm["id"] for dm in taken(simulator, brand)]
    assert list(ours.values_list("state", "external_id")) == [("sent", x_id) for x_id in on_x]
    assert len(on_x) == rounds


def after(seconds: float, deed: Callable[[], object]) -> None:
    time.sleep(seconds)
    try:
        deed()
    finally:
        connection.close()


def test_the_same_words_twice_are_two_messages_though_both_answers_are_lost(
    simulator, brand, agent, asked, client
):
    """O5."""
    thread = asked(brand)
    simulator.post("faults", fault="cut", when="after", brand=brand.x_user_id, endpoint="POST *")
    for _ in range(2):
        message = say(thread, agent, "ok")
        send_next(thread.conversation_id)
        took = taken(simulator, brand)[-1]
        told = dm(brand, thread.conversation.contact, "ok", id=took["id"])
        push(client, told_dms("dm.sent", brand, told, people=[thread.conversation.contact]))
        apply_due()
        message.refresh_from_db()
        assert message.state == "sent"
    assert sent(simulator, brand) == ["ok", "ok"]
    assert Message.objects.filter(direction="out").count() == 2


# What X refuses for good


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            400,
            {"detail": "One or more parameters to your request was invalid."},
            "One or more parameters to your request was invalid. Change it, then send it anew.",
        ),
        (
            402,
            {"title": "CreditsDepleted", "detail": "No credits left."},
            "No credits left. The owner can buy more at X; then retry.",
        ),
        (403, {"detail": "You are suspended."}, "You are suspended."),
        (404, {"title": "Not Found"}, "Not Found"),
    ],
)
def test_a_refusal_is_told_and_tried_once(asked, brand, agent, small_x, status, body, told):
    """O15."""
    thread = asked(brand)
    small_x.anything = Said(body, status=status)
    message = say(thread, agent, "Hello")
    for _ in range(3):
        send_next(thread.conversation_id)
    message.refresh_from_db()
    assert (message.state, message.failure) == ("failed", told)
    assert len([call for call in small_x.calls if call.method == "POST"]) == 1
    assert SendAttempt.objects.get().status == status
