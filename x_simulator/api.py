"""What every call of X's API goes through: who calls, may they, how often, with which parameters;
then its handler; then the headers and the ledger."""

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from x_simulator import bodies, clock, errors, fields, ids
from x_simulator.faults.trouble import Trouble
from x_simulator.pages import InvalidToken, Slice
from x_simulator.quotas import Limits
from x_simulator.tokens import Caller
from x_simulator.world import World

log = logging.getLogger("x_simulator")

APP_ONLY = "OAuth 2.0 Application-Only"
USER_CONTEXT = ("OAuth 1.0a User Context", "OAuth 2.0 User Context")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    fields: fields.Fields
    address: str  # where the call comes from
    lag_ms: int = 0  # what is younger is not found yet

    @property
    def viewer_id(self) -> int | None:
        return self.caller.user_id

    def path_id(self, name: str) -> int:
        """An id in the path; refuses what cannot be one."""
        return _id(name, self.path[name])

    def query_ids(self, name: str, most: int = 100) -> list[int]:
        return [_id(name, value) for value in self.query_list(name, most)]

    def query_list(self, name: str, most: int = 100) -> list[str]:
        given = self.query.get(name, "")
        if not given:
            raise errors.invalid(f"The `{name}` query parameter can not be empty", **{name: given})
        values = [value.strip() for value in given.split(",")]
        if len(values) > most:
            rule = f"The number of values in the `{name}` query parameter list [{len(values)}] "
            raise errors.invalid(f"{rule}is not between 1 and {most}", **{name: given})
        return values

    def query_choices(self, name: str, known: Collection[str]) -> frozenset[str]:
        """Those that were chosen of what X knows; nothing when nothing is said."""
        if name not in self.query:
            return frozenset()
        chosen = self.query_list(name)
        for value in chosen:
            if value not in known:
                raise errors.invalid_query(name, value, f"is not one of [{','.join(known)}]")
        return frozenset(chosen)

    def choice(self, name: str, known: Sequence[Choice], default: Choice) -> Choice:
        given = self.query.get(name, default)
        for one in known:
            if one == given:
                return one
        raise errors.invalid_query(name, given, f"is not one of [{','.join(known)}]")

    def number(self, name: str, low: int, high: int, default: int) -> int:
        given = self.query.get(name)
        if given is None:
            return default
        number = ids.parse(given)
        if number is None or not low <= number <= high:
            raise errors.invalid_query(name, given, f"is not between {low} and {high}")
        return number

    def window(self, low: int, high: int, default: int) -> Slice:
        """The page that is asked for, in whatever way this endpoint lets one ask."""
        token = self.query.get("pagination_token", self.query.get("next_token"))
        until = self._bound("until_id", "end_time", before=False)
        try:
            return Slice.of(
                token,
                self.number("max_results", low, high, default),
                since=self._bound("since_id", "start_time", before=True),
                until=self._found_until(until),
            )
        except InvalidToken as error:
            name = "pagination_token" if "pagination_token" in self.query else "next_token"
            raise errors.invalid_query(name, token or "", "is not valid") from error

    def _found_until(self, until: int | None) -> int | None:
        if not self.lag_ms:
            return until
        found = ids.first_at(clock.now_ms() - self.lag_ms)
        return found if until is None else min(found, until)

    def _bound(self, id_name: str, time_name: str, *, before: bool) -> int | None:
        if id_name in self.query:
            return _id(id_name, self.query[id_name])
        moment = self.moment_ms(time_name)
        return None if moment is None else ids.first_at(moment) - (1 if before else 0)

    def moment_ms(self, name: str) -> int | None:
        given = self.query.get(name)
        if given is None:
            return None
        try:
            return clock.parse_iso(given)
        except (ValueError, OverflowError) as error:
            raise errors.invalid_query(name, given, "is not a valid RFC3339 date") from error


def _id(name: str, text: str) -> int:
    number = ids.parse(text)
    if number is None:
        raise errors.invalid_query(name, text, "is not valid")
    return number


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, or the bytes of a medium of this `kind`."""

    body: dict[str, Any] | bytes
    status: int = 200
    kind: str = "application/json"

    def response(self, headers: Mapping[str, str]) -> Response:
        if isinstance(self.body, bytes):
            return Response(self.body, self.status, headers, media_type=self.kind)
        return JSONResponse(self.body, self.status, headers)


class Answered(Protocol):
    """An `Answer`, or one of another form."""

    def response(self, headers: Mapping[str, str]) -> Response: ...


Handler = Callable[[Call], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of X's reference. `scopes` is None where a user token is refused; `app` says whether
    the app's bearer is let in. Endpoints with the same `bucket` share their quota."""

    method: str
    path: str
    handler: Handler
    limits: Limits
    scopes: frozenset[str] | None = None
    app: bool = False
    parameters: frozenset[str] = frozenset()
    bucket: str = ""

    @property
    def name(self) -> str:
        """`GET /2/users/me`"""
        return f"{self.method} {self.path}"

    def route(self) -> Route:
        async def answer(request: Request) -> Response:
            return await _answer(self, request)

        return Route(self.path, answer, methods=[self.method])


@dataclass(slots=True)
class Progress:
    """What is known of a call by the time it is answered or refused."""

    caller: Caller | None
    trouble: Trouble
    headers: dict[str, str] = field(default_factory=dict)
    subject_id: int | None = None  # of an accepted write

    @property
    def user_id(self) -> int | None:
        return None if self.caller is None else self.caller.user_id


async def _answer(endpoint: Endpoint, request: Request) -> Response:
    started = time.perf_counter()
    world: World = request.app.state.world
    caller = caller_of(world, request)
    trouble = Trouble.of_call(world.faults, endpoint.name, caller)
    progress = Progress(caller, trouble)
    try:
        response = await trouble.instead(world, request, caller, endpoint.limits)
        if response is None:
            answer = await _handle(endpoint, request, world, progress)
            progress.subject_id = _written(answer, request)
            response = answer.response(progress.headers)
    except errors.Refused as refused:
        response = refusal(refused, progress.headers)
    status, path = response.status_code, request.url.path
    world.ledger.record_call(
        request.method,
        path,
        status,
        progress.user_id,
        fault=trouble.names,
        subject_id=progress.subject_id,
    )
    took = (time.perf_counter() - started) * 1000
    log.info("%s %s %s %.0f ms", request.method, path, status, took)
    return trouble.upon(response)


def _written(answer: Answered, request: Request) -> int | None:
    """The id of what a write made or changed, 0 where there is no one thing; None of a look."""
    if request.method == "GET":
        return None
    body = answer.body if isinstance(answer, Answer) else {}
    data = body.get("data") if isinstance(body, dict) else None
    told = data if isinstance(data, dict) else {}
    made = told.get("dm_event_id") or told.get("id")
    made = made or told.get("subscription", {}).get("subscription_id")
    return ids.parse(str(made or next(iter(request.path_params.values()), ""))) or 0


def refusal(refused: errors.Refused, headers: Mapping[str, str] | None = None) -> Response:
    headers = {**(headers or {}), **refused.headers}
    if isinstance(refused.body, str):
        return PlainTextResponse(refused.body, refused.status, headers)
    kind = "application/problem+json" if "title" in refused.body else "application/json"
    return JSONResponse(refused.body, refused.status, headers, media_type=kind)


async def _handle(
    endpoint: Endpoint, request: Request, world: World, progress: Progress
) -> Answered:
    caller = progress.caller
    if caller is None:
        raise errors.unauthorized()
    _permit(endpoint, caller)
    bucket = endpoint.bucket or endpoint.name
    taken = world.quotas.take(bucket, endpoint.limits, caller)
    progress.headers = taken.headers
    if not taken.allowed:
        raise errors.too_many_requests(taken.headers, older=world.quotas.speaks_older)
    query = dict(request.query_params)
    _check_parameters(endpoint, query)
    call = Call(
        world=world,
        caller=caller,
        path=request.path_params,
        query=query,
        body=await _body(request),
        fields=fields.asked(query),
        address=request.client.host if request.client else "",
        lag_ms=progress.trouble.lag_ms,
    )
    return await endpoint.handler(call)


def caller_of(world: World, request: Request) -> Caller | None:
    """Who calls, as far as X knows them."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return world.tokens.caller(token.strip()) if scheme.lower() == "bearer" else None


def _permit(endpoint: Endpoint, caller: Caller) -> None:
    if caller.kind == "app" and not endpoint.app:
        raise errors.unsupported_authentication(APP_ONLY, USER_CONTEXT)
    if caller.kind == "user":
        if endpoint.scopes is None:
            raise errors.unsupported_authentication("OAuth 2.0 User Context", (APP_ONLY,))
        if not endpoint.scopes <= caller.scopes:
            raise errors.forbidden()


def _check_parameters(endpoint: Endpoint, query: Mapping[str, str]) -> None:
    for name, value in query.items():
        if name not in endpoint.parameters:
            known = ",".join(sorted(endpoint.parameters))
            raise errors.invalid(
                f"The query parameter [{name}] is not one of [{known}]", **{name: value}
            )


async def _body(request: Request) -> Any:
    if request.method in ("GET", "HEAD"):
        return None
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _form(request)
    raw = await request.body()
    try:
        return bodies.parse(raw) if raw else {}
    except ValueError as error:
        raise errors.invalid("The request body is not valid JSON") from error


async def _form(request: Request) -> dict[str, str | bytes]:
    async with request.form() as form:
        return {
            name: part if isinstance(part, str) else await part.read()
            for name, part in form.items()
        }


def checked_body(
    call: Call, allowed: Mapping[str, type | tuple[type, ...]], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The JSON object of a call: nothing unknown, nothing of the wrong type, nothing missing."""
    return checked(call.body, allowed, required)


def checked(
    body: Any,
    allowed: Mapping[str, type | tuple[type, ...]],
    required: tuple[str, ...] = (),
    place: str = "$",
) -> dict[str, Any]:
    """A part of one, likewise."""
    if not isinstance(body, dict):
        raise errors.invalid("The request body is not a JSON object")
    for name, value in body.items():
        if name not in allowed:
            message = "is not defined, and no other properties are allowed"
            raise errors.invalid(f"{place}.{name}: {message}")
        if not isinstance(value, allowed[name]):
            raise errors.invalid(f"{place}.{name}: has the wrong type")
    for name in required:
        if name not in body:
            raise errors.invalid(f"{place}.{name}: is missing but it is required")
    return body
