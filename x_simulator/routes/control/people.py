"""Making people, relating them, letting the app in and out."""

from x_simulator import deeds
from x_simulator.people import FIELDS, InvalidPerson, Person
from x_simulator.routes.control.calling import (
    BadControl,
    Body,
    check_names,
    flag,
    items,
    person,
    route,
)
from x_simulator.tokens import EVERYDAY_SCOPE, SCOPES
from x_simulator.world import World

RELATIONS = ("following", "blocking", "muting")


def _body_of(one: Person) -> Body:
    return {
        "id": str(one.id),
        "username": one.username,
        "name": one.name,
        "description": one.description,
        "brand": one.brand,
        "receives_your_dm": one.open_dms,
        "locked": one.locked,
    }


async def users(world: World, body: Body) -> Body:
    return {"users": [_body_of(one) for one in world.people.all()]}


async def upsert_users(world: World, body: Body) -> Body:
    specs = items(body, "users")
    for spec in specs:
        check_names("a user", spec, FIELDS)
    try:
        with world.store.transaction():
            people = [world.people.upsert(spec) for spec in specs]
    except InvalidPerson as error:
        raise BadControl(str(error)) from error
    world.feed.changed()
    return {"users": [_body_of(one) for one in people]}


async def relate(world: World, body: Body) -> Body:
    kind = body.get("kind")
    if kind not in RELATIONS:
        raise BadControl(f"kind must be one of {', '.join(RELATIONS)}")
    source, target = person(world, body, "source_id"), person(world, body, "target_id")
    world.people.relate(source.id, kind, target.id, on=flag(body, "on"))
    return {"connection_status": world.people.connection_status(source.id, target.id)}


async def issue_tokens(world: World, body: Body) -> Body:
    consenting = person(world, body, "user_id")
    return dict(world.tokens.grant(consenting.id, _scope(body)).body())


def _scope(body: Body) -> str:
    given = body.get("scopes") or EVERYDAY_SCOPE
    named = given.split() if isinstance(given, str) else given
    if not isinstance(named, list) or not all(one in tuple(SCOPES) for one in named):
        raise BadControl(f"scopes must be a list of {', '.join(sorted(SCOPES))}")
    return " ".join(named)


async def revoke(world: World, body: Body) -> Body:
    deeds.revoke_app(world, person(world, body, "user_id").id)
    return {"revoked": True}


ROUTES = (
    route("GET", "users", users),
    route("POST", "users", upsert_users, "users"),
    route("POST", "relations", relate, "source_id", "kind", "target_id", "on"),
    route("POST", "tokens", issue_tokens, "user_id", "scopes"),
    route("POST", "revoke", revoke, "user_id"),
)
