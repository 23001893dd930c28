"""Seeding the demo: X is given its part, the brands are connected, the usual ingest brings the
messages in, and the team works on them. Every step may be repeated; a second run changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from accounts import clock
from accounts.demo import seed_people
from accounts.models import BrandAccount, User
from inbox.actions.saved_replies import add_saved_reply
from inbox.models import Message
from twitter_sync.actions import polling
from twitter_sync.actions.connecting import poll_soon
from twitter_sync.actions.connecting_simulated import connect_simulated, the_simulator
from twitter_sync.demo import history
from twitter_sync.demo.content import Demo, Line, Story, read
from twitter_sync.demo.history import Timetable
from twitter_sync.demo.team import Team, work_through
from twitter_sync.simulator import Simulator

ARRIVES_WITHIN_S = 90.0
LOOK_EVERY_S = 0.1

# Brand, kind and X's id of a message, and the number of its conversation.
Places = dict[tuple[str, str, str], int]


class NotArrived(Exception):
    """The workers did not bring the demo's messages in."""


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
    team = {person.name.split()[0].lower(): person for person in people}
    save_words(demo, brands, by=team["sam"])
    worked_on = work(times, brands, team)
    if worked_on:
        simulator.post("chatty", on=True)
    return Seeded(len(demo.stories), worked_on)


def tell_x(demo: Demo, simulator: Simulator) -> Timetable:
    """The simulator has the demo's people and what they said; at times of an earlier seeding if
    there was one."""
    loaded_at = history.when_loaded(demo, simulator.get("ledger"))
    times = history.timetable(demo, loaded_at or clock.now())
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
    """Has the workers poll, unless everything is there."""
    places = arrived(brands)
    if all(is_in(story, ids, places) for story, ids in times.ids_by_story().items()):
        return
    for brand in brands.values():
        poll_soon(brand)
    polling.poll_due()


def arrived(brands: Mapping[str, BrandAccount]) -> Places:
    names = {brand.pk: name for name, brand in brands.items()}
    held = Message.objects.filter(brand__in=names, external_id__isnull=False)
    rows = held.values_list("brand_id", "kind", "external_id", "conversation_id")
    return {(names[pk], kind, x_id or ""): number for pk, kind, x_id, number in rows}


def is_in(story: Story, ids: Mapping[Line, str], places: Places) -> bool:
    return all(place_of(story, line, ids) in places for line in ids)


def place_of(story: Story, line: Line, ids: Mapping[Line, str]) -> tuple[str, str, str]:
    return story.brand, kind_of(line), ids[line]


def kind_of(line: Line) -> str:
    return Message.Kind.PUBLIC if line.is_public else Message.Kind.DM


# The team


def save_words(demo: Demo, brands: Mapping[str, BrandAccount], *, by: User) -> None:
    """What each team says often, where it has no such words yet."""
    has_none = {name for name, brand in brands.items() if not brand.saved_replies.exists()}
    for saved in demo.saved_words:
        if saved.brand in has_none:
            words = {"shortcut": saved.shortcut, "text": saved.words, "kind": saved.kind}
            add_saved_reply(brands[saved.brand], by=by, **words)


def work(times: Timetable, brands: Mapping[str, BrandAccount], team: Team) -> int:
    """The team works on a conversation as soon as all of it has come in.

    Returns on how many it had still to work. Raises NotArrived.
    """
    left, done = times.ids_by_story(), 0
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    while left:
        places = arrived(brands)
        complete = [story for story, ids in left.items() if is_in(story, ids, places)]
        for story in complete:
            ids = left.pop(story)
            number = places[place_of(story, next(iter(ids)), ids)]
            done += work_through(number, story, team=team, now=times.now, ids=ids)
        if left and not complete:
            wait(deadline, left)
    return done


def wait(deadline: float, left: Collection[Story]) -> None:
    if time.monotonic() > deadline:
        raise NotArrived(
            f"{len(left)} of the demo's conversations did not come in whole. Is a worker up?"
        )
    time.sleep(LOOK_EVERY_S)
