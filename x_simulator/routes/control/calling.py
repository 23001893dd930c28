"""What every control call goes through, and how it reads its body."""

import math
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from x_simulator import bodies, ids
from x_simulator.api import refusal
from x_simulator.deeds import NotAllowed
from x_simulator.errors import Refused
from x_simulator.people import Person
from x_simulator.webhooks import is_loopback
from x_simulator.world import World

MOST_LISTED = 20_000
ANYTHING = "*"  # of a handler that checks the names itself

Body = dict[str, Any]
Control = Callable[[World, Body], Awaitable[Body | Response]]
RawControl = Callable[[Request], Awaitable[Body | Response]]


class BadControl(Exception):
    """What is wrong with a control call, for the one who made it."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def route(method: str, path: str, handler: Control, *known: str) -> Route:
    """`known` are the fields of the body, or of the query of a GET; what else is said is refused,
    for a name misspelled would be a wish unheard."""

    async def handle(request: Request) -> Body | Response:
        body = await _body(request)
        if ANYTHING not in known:
            check_names(f"/_sim/{path}", body, known)
        return await handler(request.app.state.world, body)

    return raw_route(method, path, handle)


def check_names(what: str, body: Body, known: Collection[str]) -> None:
    for name in body:
        if name not in known:
            fields = ", ".join(sorted(known)) or "it takes nothing"
            raise BadControl(f"{what} knows no {name}: {fields}")


def raw_route(method: str, path: str, handler: RawControl) -> Route:
    """For what is no JSON; the handler checks the content type."""
    return Route(f"/_sim/{path}", _guarded(handler), methods=[method])


def _guarded(handler: RawControl) -> Callable[[Request], Awaitable[Response]]:
    """Only for callers on this machine who address it as such, and no type of body that a form may
    have: a page of another site in the same browser can do neither."""

    async def answer(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if not is_loopback(client) or not is_loopback(request.url.hostname or ""):
            return refusal(Refused(403, {"error": "control calls are for this machine only"}))
        try:
            told = await handler(request)
            return told if isinstance(told, Response) else JSONResponse(told)
        except BadControl as error:
            return JSONResponse({"error": str(error)}, error.status)

    return answer


async def _body(request: Request) -> Body:
    """The JSON of a POST; the query of a GET."""
    if request.method != "POST":
        return dict(request.query_params)
    check_type(request, "application/json")
    try:
        body = bodies.parse(await request.body())
    except ValueError as error:
        raise BadControl(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadControl("the body must be a JSON object")
    return body


def check_type(request: Request, expected: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0] != expected:
        raise BadControl(f"the content type must be {expected}", 415)


@contextmanager
def refusals() -> Iterator[None]:
    """What X does not let people do."""
    try:
        yield
    except NotAllowed as error:
        raise BadControl(str(error), 403) from error


def person(world: World, body: Body, name: str) -> Person:
    user_id = ids.parse(str(body.get(name, "")))
    known = None if user_id is None else world.people.get(user_id)
    if known is None:
        raise BadControl(f"{name} [{body.get(name)}] is not a known user")
    return known


def people(world: World, body: Body, name: str) -> list[Person]:
    given = body.get(name)
    if not isinstance(given, list) or not given:
        raise BadControl(f"{name} must be a list of user ids")
    return [person(world, {name: one}, name) for one in given]


def flag(body: Body, name: str, default: bool | None = None) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadControl(f"{name} must be true or false")
    return value


def number(body: Body, name: str, default: float, low: float, high: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadControl(f"{name} must be a number from {low} to {high}")
    return value


def pair(body: Body, name: str) -> tuple[float, float] | None:
    """`[least, most]`, or None when nothing is said."""
    given = body.get(name)
    if given is None:
        return None
    try:
        least, most = (float(part) for part in given)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadControl(f"{name} must be [least, most]") from error
    if not 0 < least <= most < math.inf:
        raise BadControl(f"{name} must be [least, most], both above 0")
    return least, most


def items(body: Body, name: str) -> list[Body]:
    given = body.get(name, [])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise BadControl(f"{name} must be a list of objects")
    return given


def limit(body: Body) -> int:
    """Of a list: `?limit=`."""
    given = ids.parse(str(body.get("limit", "500")))
    if given is None:
        raise BadControl("limit must be a number")
    return min(given, MOST_LISTED)
