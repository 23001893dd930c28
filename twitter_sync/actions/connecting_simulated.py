"""Connecting handles of the simulator without a browser: many at once, for trials and replays.

X is the simulator or nothing happens. Who is missing there is made; consent is given by a control
call; everything after that is what the consent page leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from accounts.announcements import access_changed
from accounts.models import BrandAccount, Membership, Role, User
from twitter_sync import budgets, oauth
from twitter_sync.actions.connecting import connect
from twitter_sync.simulator import NotTheSimulator, Simulator

log = structlog.get_logger(__name__)

PROGRAM = "x_simulator"
# What the simulator takes of a person; files may hold more.
FACTS = ("id", "username", "name", "description", "receives_your_dm")


def connect_simulated(
    people: list[dict[str, Any]], *, then: Callable[[BrandAccount], None] = lambda brand: None
) -> None:
    """Connects each and calls `then` with it. `people` are X's user objects; a name is enough.

    The simulator's quotas are lifted meanwhile, and put back however this ends. Raises
    NotTheSimulator and SimulatorError before anything is done, and XError.
    """
    simulator = the_simulator()
    specs = [{fact: one[fact] for fact in FACTS if fact in one} | {"brand": True} for one in people]
    with quotas_lifted(simulator):
        for person in simulator.post("users", users=specs)["users"]:
            consent = simulator.post("tokens", user_id=person["id"])
            then(connect(oauth.pair_of(consent), by=None, waits=True))


def the_simulator() -> Simulator:
    """Raises NotTheSimulator when something else answers on this machine."""
    simulator = Simulator()
    if simulator.get("health").get("program") != PROGRAM:
        raise NotTheSimulator
    return simulator


@contextmanager
def quotas_lifted(simulator: Simulator) -> Iterator[None]:
    before = simulator.get("quotas")["lifted"]
    simulator.post("quotas", lifted=True)
    try:
        with budgets.lifted():
            yield
    finally:
        simulator.post("quotas", lifted=before)


def give_role(brand: BrandAccount, person: User, role: Role) -> None:
    Membership.objects.update_or_create(user=person, brand=brand, defaults={"role": role})
    access_changed(person)
    log.info("membership added", person=person.pk, brand=brand.pk, role=role, by=None)
