"""Many rows of the ledger in one transaction: `twitter_sync.actions.applying`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.actions import receiving
from inbox.actions.holding import lock_pair
from inbox.actions.recording import locked
from inbox.models import Contact, Conversation, Message
from tests.factories import make_brand, make_contact
from tests.twitter_sync.bodies import (
    Body,
    dm,
    dm_received,
    dm_sent,
    encoded,
    mention_event,
    own_event,
    post,
    told_dms,
    user,
)
from tests.twitter_sync.working import apply_and_leave, states, until_someone_waits_for_a_lock
from twitter_sync.actions import applying
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.recording import record_delivery, record_items
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.models import RawEvent, raw_event

pytestmark = pytest.mark.django_db


def keep(*bodies: Body) -> None:
    for body in bodies:
        record_delivery(encoded(body))


def statements() -> int:
    with CaptureQueriesContext(connection) as run:
        assert apply_due() > 0
    return len(run)


def page_of(brand: BrandAccount, told: Body) -> Body:
    """A direct message as X shows it when it is asked."""
    sender = told["message_create"]["sender_id"]
    return {
        "id": told["id"],
        "event_type": "MessageCreate",
        "sender_id": sender,
        "dm_conversation_id": "-".join(sorted((sender, brand.x_user_id), key=int)),
        "text": told["message_create"]["message_data"]["text"],
        "created_at": "2026-11-21T10:20:00.000Z",
    }


# However many


def question_and_answer(brand: BrandAccount, number: int) -> list[Body]:
    """Somebody writes for the first time, in private and in public, and is answered in X."""
    customer = Contact(x_user_id=str(10**17 + number), handle=f"somebody{number}", name="Somebody")
    asked = post(customer, f"@{brand.handle} No. {number}", names=[brand])
    answer = post(brand, f"@{customer.handle} on it", names=[customer], answers=asked)
    return [
        dm_received(brand, customer, f"No. {number}"),
        dm_sent(brand, customer, "Hello"),
        mention_event(brand, asked, users=[user(customer)]),
        own_event(brand, answer),
    ]


def test_the_number_of_statements_is_the_same_for_fifty_rows_and_for_two_hundred(
    acme, globex, monkeypatch
):
    monkeypatch.setattr(applying, "BATCH", 300)
    counted = []
    for first, people in ((0, 12), (100, 50)):
        for number in range(first, first + people):
            keep(*question_and_answer((acme, globex)[number % 2], number))
        counted.append(statements())
    assert set(states()) == {"applied"}
    assert Message.objects.count() == 4 * (12 + 50)
    assert counted[0] == counted[1] < 50


def test_what_is_told_again_costs_a_few_statements_however_much_it_is(acme, monkeypatch):
    monkeypatch.setattr(applying, "BATCH", 300)
    counted = []
    for first, people in ((0, 10), (100, 40)):
        told = [one for n in range(first, first + people) for one in question_and_answer(acme, n)]
        keep(*told)
        apply_due()
        keep(
            *(
                {"data": body["data"] | {"event_uuid": f"{first} again {n}"}}
                for n, body in enumerate(told)
            )
        )
        counted.append(statements())
    assert Message.objects.count() == 4 * (10 + 40)
    assert counted[0] == counted[1] < 30


def test_a_batch_is_no_larger_than_it_may_be(acme, carla, monkeypatch):
    monkeypatch.setattr(applying, "BATCH", 4)
    keep(*(dm_received(acme, carla, f"No. {number}") for number in range(10)))
    sizes = []
    together = applying.apply_together

    def note_size(rows: list[RawEvent]) -> None:
        sizes.append(len(rows))
        together(rows)

    monkeypatch.setattr(applying, "apply_together", note_size)
    assert apply_due() == 10
    assert max(sizes) <= 4
    assert Conversation.objects.get().message_count == 10


# Fair shares


def backlog(brand: BrandAccount, rows: int) -> None:
    person = make_contact()
    keep(*(dm_received(brand, person, f"{brand.handle} {number}") for number in range(rows)))


def in_a_batch(limit: int) -> list[str]:
    """Whose the messages of the next batch are."""
    known = set(Message.objects.values_list("pk", flat=True))
    applying.apply_batch(limit)
    new = Message.objects.exclude(pk__in=known).order_by("pk")
    return sorted(new.values_list("brand__handle", flat=True))


def test_the_storm_of_one_handle_delays_no_other_by_more_than_a_batch(acme, globex):
    backlog(acme, 60)
    backlog(globex, 1)
    assert in_a_batch(24) == ["acme"] * 10 + ["globex"]
    assert in_a_batch(24) == ["acme"] * 21


def test_of_more_handles_than_a_batch_has_rows_those_come_first_that_wait_longest(db):
    brands = [make_brand() for _ in range(7)]
    for brand in brands:
        backlog(brand, 2)
    turns = [in_a_batch(4) for _ in range(4)]
    assert turns[0] == turns[1] == sorted(brand.handle for brand in brands[:4])
    assert turns[2] == turns[3] == sorted(brand.handle for brand in brands[4:])


def test_the_past_of_one_handle_leaves_room_for_that_of_another(acme, globex, carla):
    for brand, rows in ((acme, 40), (globex, 2)):
        pages = [
            {"data": page_of(brand, dm(carla, brand, f"No. {number}")), "includes": {}}
            for number in range(rows)
        ]
        record_items(brand, "dm", pages, source=RawEvent.Source.HISTORY)
    assert in_a_batch(16) == ["acme"] * 8 + ["globex"] * 2


def test_a_share_that_another_worker_has_in_hand_is_passed_over(acme, globex):
    """What is left of it is claimed by the next worker at once."""
    backlog(acme, 6)
    backlog(globex, 6)
    first = {row.pk for row in applying.claim(4)}
    assert len(first) == 4
    with_one = RawEvent.objects.filter(pk__in=first).values_list("addressee", flat=True)
    assert set(with_one) == {acme.x_user_id, globex.x_user_id}


def test_large_bodies_make_a_small_batch(acme, monkeypatch):
    monkeypatch.setattr(raw_event, "MOST_BYTES", 4_000)
    people = [make_contact() for _ in range(2)]
    for number in range(3):
        told = [dm(people[n % 2], acme, f"No. {number} {n} " + "word " * 60) for n in range(5)]
        keep(told_dms("dm.received", acme, *told, people=people))
    assert [len(in_a_batch(100)) for _ in range(3)] == [10, 5, 0]


# What fails


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Receiving a message of one of these texts raises."""
    texts: set[str] = set()
    receive = receiving.Reception.receive

    def fail(reception: Any, told: Any) -> Any:
        if told.utterance.text in texts:
            raise KeyError(told.utterance.text)
        return receive(reception, told)

    monkeypatch.setattr(receiving.Reception, "receive", fail)
    return texts


def make_due() -> None:
    RawEvent.objects.filter(state="pending").update(due_at=timezone.now())


def test_one_poison_row_in_a_hundred_holds_up_none_of_the_others(acme, poison, monkeypatch):
    """Trust I11, small: found out, counted alone, set aside after five tries, done after a fix."""
    monkeypatch.setattr(applying, "delay", lambda attempts: timedelta(hours=attempts))
    people = [make_contact() for _ in range(7)]
    poison |= {"No. 50", "No. 150"}
    keep(*(dm_received(acme, people[number % 7], f"No. {number}") for number in range(200)))
    apply_due()
    assert Message.objects.count() == 198
    left = RawEvent.objects.filter(state="pending")
    assert [(row.attempts, row.error[:8]) for row in left] == [(1, "KeyError")] * 2
    assert not RawEvent.objects.filter(state="applied", attempts__gt=0).exists()
    for _ in range(4):
        make_due()
        apply_due()
    assert sorted(set(states())) == ["applied", "dead"]
    assert {row.brand for row in RawEvent.objects.dead()} == {acme}
    poison.clear()
    assert replay_dead() == 2
    apply_due()
    assert (set(states()), Message.objects.count()) == ({"applied"}, 200)
    assert sum(one.message_count for one in Conversation.objects.all()) == 200


def test_what_came_before_a_poison_row_of_the_same_customer_counts_once(acme, carla, poison):
    """The batch is rolled back and taken up in parts."""
    poison.add("No. 3")
    keep(*(dm_received(acme, carla, f"No. {number}") for number in range(6)))
    apply_due()
    conversation = Conversation.objects.get()
    assert [message.text[-1] for message in conversation.messages.in_order()] == list("01245")
    assert conversation.message_count == 5


def test_a_worker_that_dies_in_the_midst_of_a_batch_leaves_nothing_behind(acme, monkeypatch):
    keep(*(dm_received(acme, make_contact(), f"No. {number}") for number in range(5)))
    receive = receiving.Reception.receive

    def die(reception: Any, told: Any) -> Any:
        if told.utterance.text == "No. 3":
            raise SystemExit
        return receive(reception, told)

    with monkeypatch.context() as patch:
        patch.setattr(receiving.Reception, "receive", die)
        with pytest.raises(SystemExit):
            apply_due()
    assert (set(states()), Message.objects.count()) == ({"pending"}, 0)
    assert apply_due() == 5
    assert (set(states()), Message.objects.count()) == ({"applied"}, 5)


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_another_worker_was_in_the_way_of_is_no_failed_try(acme, carla):
    """The other one has the conversation and wants the pair; Postgres ends the batch's wait."""
    keep(dm_received(acme, carla, "Hello"))
    apply_due()
    keep(dm_received(acme, carla, "again"))
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '5min'")
            locked(Conversation.objects.get())
            applied = worker.submit(apply_and_leave)
            until_someone_waits_for_a_lock()
            lock_pair(acme, carla.x_user_id)
        assert applied.result() == 1
    row = RawEvent.objects.last()
    assert (row.state, row.attempts) == ("applied", 0)
    assert Conversation.objects.get().message_count == 2


# Several workers


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "BATCH", 8)


def at_once(workers: int, deed: Callable[[], object]) -> None:
    barrier = Barrier(workers)

    def work() -> None:
        try:
            barrier.wait()
            deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()


def by_push_and_by_poll(brand: BrandAccount, told: Body) -> Iterator[Callable[[], object]]:
    """The same direct message in three deliveries."""
    yield lambda: keep(told_dms("dm.received", brand, told, people=[]))
    yield lambda: keep({"for_user_id": brand.x_user_id, "direct_message_events": [told]})
    yield lambda: record_items(brand, "dm", [{"data": page_of(brand, told), "includes": {}}])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_several_workers_make_each_message_once(acme, globex, small_batches, seed):
    """Trust I2, I3 and I9, small: everything three times, in any order, four workers at once."""
    people = [make_contact() for _ in range(5)]
    deliveries = [
        deliver
        for number in range(30)
        for brand in (acme, globex)
        for deliver in by_push_and_by_poll(
            brand, dm(people[number % 5], brand, f"{brand.handle} {number}")
        )
    ]
    Random(seed).shuffle(deliveries)
    for deliver in deliveries:
        deliver()
    at_once(4, apply_due)
    assert set(states()) == {"applied"}
    assert Message.objects.count() == len(set(Message.objects.values_list("text"))) == 60
    assert {one.message_count for one in Conversation.objects.all()} == {6}
    assert Conversation.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_six_first_messages_at_once_open_one_conversation(acme, monkeypatch):
    """Trust I4: each of six workers has one of them in hand."""
    monkeypatch.setattr(applying, "BATCH", 1)
    rounds = 8
    for _ in range(rounds):
        customer = make_contact()
        keep(*(dm_received(acme, customer, f"No. {number}") for number in range(6)))
        at_once(6, apply_due)
    assert {one.message_count for one in Conversation.objects.all()} == {6}
    assert Conversation.objects.count() == rounds


@pytest.mark.django_db(transaction=True)
def test_several_workers_place_the_same_threads_whole(acme, globex, small_batches):
    """Roots that name nobody, answers that name both brands, and answers to those."""
    people = [make_contact() for _ in range(4)]
    bodies = []
    for person in people * 4:
        root = post(person, "no internet")
        asked = post(person, "@acme @globex?", names=[acme, globex], answers=root)
        answer = post(acme, f"@{person.handle} on it", names=[person], answers=asked)
        thanks = post(person, "thanks", answers=answer)
        bodies += [mention_event(brand, one) for one in (root, asked) for brand in (acme, globex)]
        bodies += [own_event(acme, answer), mention_event(acme, thanks)]
    Random(5).shuffle(bodies)
    keep(*bodies)
    at_once(3, apply_due)
    assert not RawEvent.objects.filter(state__in=["pending", "dead"]).exists()
    assert not RawEvent.objects.filter(attempts__gt=0).exists()
    said = Message.objects.filter(brand=acme)
    assert said.count() == 4 * len(people) * 4
    assert Message.objects.filter(brand=globex).count() == 4 * len(people) * 3
