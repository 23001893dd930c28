"""A deletion that comes before its post, or while the post is being taken in (trust P2)."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import permutations
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import BrandAccount
from inbox.models import Contact, Message
from tests.factories import next_x_id
from tests.twitter_sync.bodies import (
    Body,
    delete_event,
    mention_event,
    own_event,
    post,
    push,
    reply_event,
)
from tests.twitter_sync.canary import places_of
from tests.twitter_sync.working import until_someone_waits_for_a_lock
from twitter_sync.actions.applying import BATCH, apply_due, apply_part, claim
from twitter_sync.actions.cutting import cut_due, cut_some
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.recording import record_items
from twitter_sync.models import KnownPost, RawEvent

pytestmark = pytest.mark.django_db
in_threads = pytest.mark.django_db(transaction=True)

SECRET = "the canary sings at midnight"


def together(*works: Callable[[], object]) -> None:
    """Each in a thread of its own, all from the same moment."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], object]) -> None:
        try:
            barrier.wait()
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as workers:
        for done in [workers.submit(begin, work) for work in works]:
            done.result()


def forms_of(one: Body) -> list[Body]:
    x_id = next_x_id()
    return [one, one | {"id": x_id, "edit_history_tweet_ids": [one["id"], x_id]}]


@pytest.fixture
def forms(acme: BrandAccount, carla: Contact) -> list[Body]:
    """Two of one answer."""
    question = post(carla, "@acme help", names=[acme])
    return forms_of(post(acme, f"@carla {SECRET}", names=[carla], answers=question))


def settle() -> None:
    while apply_due():
        pass
    cut_due()


# One after the other


def test_a_form_that_is_cut_before_it_is_applied_takes_the_others_along(client, acme, forms):
    """It alone tells that both are one post."""
    former, newer = forms
    push(client, delete_event(acme, newer["id"]))
    apply_due()
    push(client, own_event(acme, newer))
    cut_due()
    assert RawEvent.objects.last().emptied_at is not None
    push(client, own_event(acme, former))
    settle()
    assert places_of(SECRET) == []
    assert not Message.objects.exists()


def test_a_former_form_that_x_shows_with_its_newer_ids_is_gone_with_them(client, acme, forms):
    former, newer = forms
    push(client, delete_event(acme, newer["id"]))
    settle()
    known = newer["edit_history_tweet_ids"]
    push(client, own_event(acme, former | {"edit_history_tweet_ids": known}))
    settle()
    assert places_of(SECRET) == []
    assert not Message.objects.exists()


@pytest.mark.parametrize("deleted", [0, 1])
@pytest.mark.parametrize("order", [*permutations(["former", "newer", "deletion"])], ids=str)
@pytest.mark.parametrize("is_cut", [False, True], ids=["cut at the end", "cut each time"])
def test_it_is_gone_in_whatever_order_it_is_told(client, acme, forms, order, deleted, is_cut):
    told = {
        "former": own_event(acme, forms[0]),
        "newer": own_event(acme, forms[1]),
        "deletion": delete_event(acme, forms[deleted]["id"]),
    }
    for name in order:
        push(client, told[name])
        if is_cut:
            cut_due()
        apply_due()
    settle()
    assert places_of(SECRET) == []
    assert not Message.objects.filter(deleted_at=None).exists()


def test_of_what_is_told_together_the_message_goes_at_once(client, acme, forms):
    """In the moment of the deletion the message is one of the former form alone."""
    former, newer = forms
    for told in (own_event(acme, former), delete_event(acme, newer["id"]), own_event(acme, newer)):
        push(client, told)
    apply_due()
    message = Message.objects.get()
    assert (message.text, message.deleted_at is None) == ("", False)


def test_a_post_that_is_nobodys_message_goes_in_all_its_forms(client, acme):
    """Through any number of changes, also where X does not list all of them."""
    first, second = forms_of(post(acme, SECRET))
    third = second | {"id": (x_id := next_x_id())}
    third["edit_history_tweet_ids"] = [second["id"], x_id]
    for told in (first, second, third):
        push(client, own_event(acme, told))
    push(client, delete_event(acme, first["id"]))
    settle()
    assert places_of(SECRET) == []
    assert {known.availability for known in KnownPost.objects.all()} == {"deleted"}


def test_a_form_that_no_row_can_be_made_of_still_tells_what_it_was(client, acme, forms):
    former, newer = forms
    push(client, own_event(acme, newer | {"author_id": None}))
    push(client, own_event(acme, former))
    push(client, delete_event(acme, newer["id"]))
    settle()
    assert places_of(SECRET) == []


# At once


def in_a_thread(work: Callable[[], object]) -> Callable[[], object]:
    """With a connection of its own."""

    def begin() -> object:
        try:
            return work()
        finally:
            connection.close()

    return begin


@in_threads
def test_what_is_cut_while_a_batch_is_rolled_back_takes_the_others_along(client, acme, forms):
    """A worker has both forms in hand; another applies the deletion, and its words are cut as soon
    as the first gives up, which finds the newer form no more when it tries again."""

    def delete_and_cut() -> None:
        push(Client(), delete_event(acme, forms[1]["id"]))
        apply_due()
        cut_some()

    for form in forms:
        push(client, own_event(acme, form))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            claimed = [row.pk for row in claim(BATCH)]
            cut = pool.submit(in_a_thread(delete_and_cut))
            until_someone_waits_for_a_lock()
            transaction.set_rollback(True)
        cut.result()
    apply_part(claimed)
    settle()
    assert places_of(SECRET) == []
    assert not Message.objects.exists()


@in_threads
def test_what_is_being_deleted_is_not_said_because_something_else_is(client, acme, globex, carla):
    """A post makes a message of another that its author wrote beside it, and that no row tells."""
    root = post(globex, "We have news.")
    beside = post(carla, SECRET, answers=root)
    push(client, reply_event(globex, beside))
    apply_due()
    push(client, mention_event(acme, post(carla, "@acme help", names=[acme], answers=root)))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            delete_post(beside["id"], brands=[acme, globex])
            applied = pool.submit(in_a_thread(apply_due))
            until_someone_waits_for_a_lock()
        applied.result()
    assert [message.text for message in Message.objects.filter(brand=acme)] == ["@acme help"]
    cut_due()
    assert places_of(SECRET) == []


@in_threads
def test_forms_are_locked_in_one_order(client, acme, forms):
    """A deletion names the newer form: whoever has the former may take the newer as well."""
    for form in forms:
        push(client, own_event(acme, form))
    apply_due()
    push(client, delete_event(acme, forms[1]["id"]))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            KnownPost.objects.locked([forms[0]["id"]])
            applied = pool.submit(in_a_thread(apply_due))
            until_someone_waits_for_a_lock()
            newer = KnownPost.objects.filter(pk=forms[1]["id"])
            assert len(newer.select_for_update(nowait=True)) == 1
        applied.result()
    settle()
    assert places_of(SECRET) == []


# By chance


def delete_while_it_comes(rounds: int, acme: BrandAccount, carla: Contact) -> None:
    """Two ways bring it, in two forms, in whatever order; the deletion names either of them. What
    somebody said beside it stays."""
    seed = random.randrange(10**9)
    chance, client = random.Random(seed), Client()
    for number in range(rounds):
        question = post(carla, f"@acme help {number}", names=[acme])
        forms = forms_of(post(acme, f"@carla {SECRET}", names=[carla], answers=question))
        gone = delete_event(acme, chance.choice(forms)["id"])
        pushes = [*(own_event(acme, form) for form in forms), gone]
        arrivals: list[Callable[[], object]] = [partial(push, client, told) for told in pushes]
        items = [{"data": one} for one in [question, *forms]]
        arrivals.append(partial(record_items, acme, "post", items))
        chance.shuffle(arrivals)
        arrivals[0]()
        together(*arrivals[1:], apply_due, cut_due, apply_due)
    # What was in hand of another worker in the last moment.
    settle()
    assert places_of(SECRET) == [], seed
    said = Message.objects.filter(deleted_at=None)
    assert said.count() == rounds, seed
    assert not RawEvent.objects.filter(state="dead").exists(), seed


@in_threads
def test_it_never_comes_back(acme: BrandAccount, carla: Contact) -> None:
    delete_while_it_comes(8, acme, carla)


@in_threads
@pytest.mark.deep
def test_it_never_comes_back_in_five_hundred_rounds(acme: BrandAccount, carla: Contact) -> None:
    delete_while_it_comes(500, acme, carla)
