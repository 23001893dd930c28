"""Seeding the demo: X is given its part, the brands are connected, the usual ingest brings the
messages in, and the team works on them. Every step may be repeated; a second run changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.demo import seed_people
from accounts.models import BrandAccount, User
from inbox.models import Conversation, Message
from twitter_sync.actions import polling
from twitter_sync.actions.connecting import poll_soon
from twitter_sync.actions.connecting_simulated import connect_simulated, the_simulator
from twitter_sync.demo import history
from twitter_sync.demo.content import Demo, Line, Story, read
from twitter_sync.demo.history import Saying, Timetable
from twitter_sync.demo.team import work_through
from twitter_sync.simulator import Simulator

ARRIVES_WITHIN = timedelta(seconds=60)
LOOK_EVERY_S = 0.05


class NotArrived(Exception):
    """The workers did not bring the demo's messages in; says how many are missing."""


@dataclass(frozen=True, slots=True)
class Seeded:
    conversations: int
    worked_on: int


def seed() -> Seeded:
    """Raises NotTheSimulator, SimulatorError, NotArrived, BadContent, XError."""
    demo, simulator = read(), the_simulator()
    times = tell_x(demo, simulator)
    brands = connected(demo)
    ask_for_feeds(times, brands)
    people = seed_people(list(brands.values()))  # hashes passwords while the workers are at it
    wait_for_workers(times, brands)
    worked_on = work(times, brands, people)
    if worked_on:
        simulator.post("chatty", on=True)
    return Seeded(len(demo.stories), worked_on)


def tell_x(demo: Demo, simulator: Simulator) -> Timetable:
    """The simulator has the demo's people and what they said; at times of an earlier seeding if
    there was one."""
    loaded_at = history.when_loaded(demo, simulator.get("ledger"))
    times = history.timetable(demo, loaded_at or timezone.now())
    if loaded_at is None:
        simulator.post("users", users=history.users(demo))
        simulator.post("load", **history.load(demo, times))
    return times


def connected(demo: Demo) -> dict[str, BrandAccount]:
    """The demo's brands by handle; those that are not there yet are connected."""
    ids = history.user_ids(demo)
    wanted = {ids[person.username]: person.username for person in demo.brands}
    known = BrandAccount.objects.filter(x_user_id__in=wanted)
    held = set(known.values_list("x_user_id", flat=True))
    if new := [{"id": i, "username": name} for i, name in wanted.items() if i not in held]:
        connect_simulated(new)
    brands = {wanted[brand.x_user_id]: brand for brand in known.all()}
    return {person.username: brands[person.username] for person in demo.brands}


# In, by the ordinary way


def ask_for_feeds(times: Timetable, brands: Mapping[str, BrandAccount]) -> None:
    if missing(times, brands):
        for brand in brands.values():
            poll_soon(brand)
        polling.poll_due()


def wait_for_workers(times: Timetable, brands: Mapping[str, BrandAccount]) -> None:
    """Until they have applied everything. Raises NotArrived."""
    deadline = time.monotonic() + ARRIVES_WITHIN.total_seconds()
    while left := missing(times, brands):
        if time.monotonic() > deadline:
            raise NotArrived(f"{len(left)} of the demo's messages did not come in. Is a worker up?")
        time.sleep(LOOK_EVERY_S)


def missing(times: Timetable, brands: Mapping[str, BrandAccount]) -> set[tuple[int, str, str]]:
    """Brand, kind and X's id of what is not in the inbox."""
    wanted = {
        (brands[saying.brand].pk, kind_of(saying), times.id_of(saying.number))
        for saying in times.sayings.values()
        if saying.customer
    }
    held = Message.objects.filter(brand__in=brands.values(), external_id__isnull=False)
    return wanted - set(held.values_list("brand_id", "kind", "external_id"))


def kind_of(saying: Saying) -> str:
    return Message.Kind.PUBLIC if saying.is_public else Message.Kind.DM


# The team


def work(times: Timetable, brands: Mapping[str, BrandAccount], people: list[User]) -> int:
    """Returns on how many conversations the team had still to work."""
    team = {person.name.split()[0].lower(): person for person in people}
    done = 0
    for story, ids in times.ids_by_story().items():
        conversation = conversation_of(story, brands[story.brand], ids)
        done += work_through(conversation, story, team=team, now=times.now, ids=ids)
    return done


def conversation_of(story: Story, brand: BrandAccount, ids: Mapping[Line, str]) -> Conversation:
    first = next(line for line in story.lines if line.is_said)
    kind = Message.Kind.PUBLIC if first.is_public else Message.Kind.DM
    messages = Message.objects.select_related("conversation")
    return messages.get(brand=brand, kind=kind, external_id=ids[first]).conversation
