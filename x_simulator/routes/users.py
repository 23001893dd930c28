"""Looking people up."""

from collections.abc import Sequence

from x_simulator import errors, wire
from x_simulator.api import Answer, Call, Endpoint
from x_simulator.people import USERNAME, Person
from x_simulator.quotas import Limits

SCOPES = frozenset({"tweet.read", "users.read"})
PARAMETERS = frozenset({"user.fields", "expansions", "tweet.fields", "post.fields"})


async def me(call: Call) -> Answer:
    person = call.world.people.get(call.caller.viewer)
    if person is None:
        raise errors.unauthorized()
    return Answer(call.fields.answer({"data": _person(call, person)}))


async def by_id(call: Call) -> Answer:
    user_id = call.path_id("id")
    return _one(call, call.world.people.get(user_id), "id", str(user_id))


async def by_username(call: Call) -> Answer:
    username = call.path["username"]
    _check_username(username)
    return _one(call, call.world.people.by_username(username), "username", username)


async def by_ids(call: Call) -> Answer:
    user_ids = call.query_ids("ids")
    found = call.world.people.by_ids(user_ids)
    return _several(call, [(str(i), found.get(i)) for i in user_ids], "ids")


async def by_usernames(call: Call) -> Answer:
    usernames = call.query_list("usernames")
    for username in usernames:
        _check_username(username)
    found = call.world.people.by_usernames(usernames)
    return _several(call, [(name, found.get(name.lower())) for name in usernames], "usernames")


def _check_username(username: str) -> None:
    if not USERNAME.fullmatch(username):
        rule = "does not match ^[A-Za-z0-9_]{1,15}$"
        raise errors.invalid_query("username", username, rule)


def _person(call: Call, person: Person) -> wire.Object:
    return wire.person(call.world, person, call.fields.user, call.viewer_id)


def _one(call: Call, person: Person | None, parameter: str, value: str) -> Answer:
    """X says 200 even when there is nobody."""
    if person is None or not person.is_there:
        return Answer({"errors": [_lost(value, person, parameter)]})
    return Answer(call.fields.answer({"data": _person(call, person)}))


def _lost(value: str, person: Person | None, parameter: str) -> errors.Body:
    if person is not None and person.account == "suspended":
        return errors.suspended(value, parameter)
    return errors.missing("user", value, parameter)


def _several(call: Call, asked: Sequence[tuple[str, Person | None]], parameter: str) -> Answer:
    lost = [
        _lost(value, person, parameter)
        for value, person in asked
        if person is None or not person.is_there
    ]
    found = {person.id: person for _, person in asked if person is not None and person.is_there}
    body = {"data": [_person(call, person) for person in found.values()], "errors": lost}
    return Answer(call.fields.answer({name: part for name, part in body.items() if part}))


_LOOKUP = Limits(user=900, app=300)
ENDPOINTS = (
    Endpoint("GET", "/2/users/me", me, Limits(user=75), SCOPES, parameters=PARAMETERS),
    Endpoint("GET", "/2/users", by_ids, _LOOKUP, SCOPES, app=True, parameters=PARAMETERS | {"ids"}),
    Endpoint(
        "GET",
        "/2/users/by",
        by_usernames,
        _LOOKUP,
        SCOPES,
        app=True,
        parameters=PARAMETERS | {"usernames"},
    ),
    Endpoint(
        "GET",
        "/2/users/by/username/{username}",
        by_username,
        _LOOKUP,
        SCOPES,
        app=True,
        parameters=PARAMETERS,
    ),
    Endpoint("GET", "/2/users/{id}", by_id, _LOOKUP, SCOPES, app=True, parameters=PARAMETERS),
)
