"""A deletion that comes before its post, or while the post is being taken in (trust P2)."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts.models import BrandAccount
from inbox.models import Contact, Message
from tests.factories import next_x_id
from tests.twitter_sync.bodies import Body, delete_event, own_event, post, push
from tests.twitter_sync.canary import places_of
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.cutting import cut_due
from twitter_sync.actions.recording import record_items
from twitter_sync.models import RawEvent

pytestmark = pytest.mark.django_db(transaction=True)

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
    while apply_due():
        pass
    cut_due()
    assert places_of(SECRET) == [], seed
    said = Message.objects.filter(deleted_at=None)
    assert said.count() == rounds, seed
    assert not RawEvent.objects.filter(state="dead").exists(), seed


def test_it_never_comes_back(acme: BrandAccount, carla: Contact) -> None:
    delete_while_it_comes(8, acme, carla)


@pytest.mark.deep
def test_it_never_comes_back_in_five_hundred_rounds(acme: BrandAccount, carla: Contact) -> None:
    delete_while_it_comes(500, acme, carla)
