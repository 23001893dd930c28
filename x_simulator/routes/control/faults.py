"""Setting what goes wrong, and taking it back."""

from fnmatch import filter as matching
from typing import Any

from x_simulator import ids
from x_simulator.faults.kinds import KINDS, Kind, Unsettable
from x_simulator.faults.rules import Rule
from x_simulator.happenings import ON_REVOKE
from x_simulator.routes.control.calling import (
    ANYTHING,
    BadControl,
    Body,
    check_names,
    number,
    route,
)
from x_simulator.subscriptions import EVENT_TYPES
from x_simulator.world import World

MOST = 1_000_000_000
# What a rule is about, by the name under which one says so.
ABOUT = {"call": "endpoint", "delivery": "event_type"}
OF_ALL = {"fault", "brand", "share", "seed", "after", "times"}


async def faults(world: World, body: Body) -> Body:
    return {"faults": [_told(world, rule) for rule in world.faults.all()]}


def _told(world: World, rule: Rule) -> Body:
    told: Body = {"id": rule.id, "fault": rule.kind.name, **rule.options}
    brand = None if rule.brand_id is None else world.people.get(rule.brand_id)
    told["brand"] = None if brand is None else brand.username
    if about := ABOUT.get(rule.kind.of):
        told[about] = list(rule.on)
    told |= {"share": rule.share, "seed": rule.seed, "after": rule.after, "times": rule.times}
    return told | {"seen": rule.seen, "struck": rule.struck}


async def set_fault(world: World, body: Body) -> Body:
    kind = KINDS.get(str(body.get("fault")))
    if kind is None:
        raise BadControl(f"fault must be one of {', '.join(KINDS)}")
    _check_names(kind, body)
    try:
        options = {
            name: option.read(name, body.get(name, option.default))
            for name, option in kind.options.items()
        }
    except Unsettable as error:
        raise BadControl(str(error)) from error
    rule = Rule(
        kind,
        options,
        brand_id=_brand_id(world, kind, body),
        on=_on(world, kind, body),
        share=number(body, "share", 1, 0, 1),
        seed=str(body.get("seed", 0)),
        after=int(number(body, "after", 0, 0, MOST)),
        times=None if body.get("times") is None else int(number(body, "times", 1, 1, MOST)),
    )
    return _told(world, world.faults.set(rule))


def _check_names(kind: Kind, body: Body) -> None:
    known = OF_ALL | kind.options.keys() | {ABOUT.get(kind.of, "fault")}
    check_names(kind.name, body, known)


def _brand_id(world: World, kind: Kind, body: Body) -> int | None:
    """By id or username."""
    given = body.get("brand")
    if given is None:
        return None
    if kind.of == "webhook":
        raise BadControl(f"{kind.name} is for all brands: the webhook is one")
    person = world.people.by_username(str(given).removeprefix("@"))
    person = person or world.people.get(ids.parse(str(given)) or 0)
    if person is None:
        raise BadControl(f"brand [{given}] is not a known user")
    return person.id


def _on(world: World, kind: Kind, body: Body) -> tuple[str, ...]:
    """Patterns with `*`, each of which fits something that there is."""
    about = ABOUT.get(kind.of, "")
    given: Any = body.get(about)
    if given is None:
        return kind.on
    patterns = [str(one) for one in given] if isinstance(given, list) else [str(given)]
    there = world.faults.endpoints if kind.of == "call" else (*EVENT_TYPES, ON_REVOKE)
    for pattern in patterns:
        if not matching(there, pattern):
            raise BadControl(f"{about} [{pattern}] fits none of {', '.join(sorted(there))}")
    return tuple(patterns)


async def clear_faults(world: World, body: Body) -> Body:
    """One by `?id=`, or all."""
    fault_id = body.get("id")
    if fault_id is None:
        return {"cleared": world.faults.clear()}
    cleared = world.faults.clear(ids.parse(str(fault_id)) or 0)
    if not cleared:
        raise BadControl(f"there is no fault with id [{fault_id}]", 404)
    return {"cleared": cleared}


ROUTES = (
    route("GET", "faults", faults),
    route("POST", "faults", set_fault, ANYTHING),
    route("DELETE", "faults", clear_faults, "id"),
)
