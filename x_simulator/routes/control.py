"""The control calls: people, loading, delivering, switches and the ledger.

JSON, no sign-in, and for this machine alone.
"""

import json
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from x_simulator import activity, clock, deeds, ids
from x_simulator.activity import Happening
from x_simulator.api import refusal
from x_simulator.errors import Refused
from x_simulator.people import InvalidPerson, Person
from x_simulator.tokens import EVERYDAY_SCOPE, SCOPES
from x_simulator.webhooks import is_loopback
from x_simulator.world import World

log = logging.getLogger("x_simulator")

MAX_CONCURRENCY = 32
GATES = ("engaged", "explicit", "off")
RELATIONS = ("following", "blocking", "muting")


class BadControl(Exception):
    """What is wrong with a control call, for the one who made it."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


Body = dict[str, Any]
Control = Callable[[World, Body, Request], Awaitable[Body]]


def _guarded(handler: Control) -> Callable[[Request], Awaitable[Response]]:
    """Only for callers on this machine who address it as such, and only JSON: a page of another
    site in the same browser can do neither."""

    async def answer(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if not is_loopback(client) or not is_loopback(request.url.hostname or ""):
            return refusal(Refused(403, {"error": "control calls are for this machine only"}))
        try:
            body = await _body(request)
            return JSONResponse(await handler(request.app.state.world, body, request))
        except BadControl as error:
            return JSONResponse({"error": str(error)}, error.status)

    return answer


async def _body(request: Request) -> Body:
    if request.method != "POST":
        return {}
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise BadControl("the content type must be application/json", 415)
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise BadControl(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadControl("the body must be a JSON object")
    return body


# Reading a call


def _person(world: World, body: Body, name: str) -> Person:
    user_id = ids.parse(str(body.get(name, "")))
    person = None if user_id is None else world.people.get(user_id)
    if person is None:
        raise BadControl(f"{name} [{body.get(name)}] is not a known user")
    return person


def _flag(body: Body, name: str) -> bool:
    if not isinstance(body.get(name), bool):
        raise BadControl(f"{name} must be true or false")
    return bool(body[name])


def _number(body: Body, name: str, default: float, low: float, high: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadControl(f"{name} must be a number from {low} to {high}")
    return value


def _items(body: Body, name: str) -> list[Body]:
    items = body.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadControl(f"{name} must be a list of objects")
    return items


def _told(spec: Body) -> deeds.Told:
    try:
        told = deeds.told_by(spec)
    except (KeyError, ValueError, TypeError) as error:
        raise BadControl(f"text, id or created_at is missing or wrong: {error!r}") from error
    if not told.text:
        raise BadControl("text is empty")
    if told.id is not None and not 0 < told.id <= ids.MAX_ID:
        raise BadControl(f"id [{told.id}] is not an id")
    return told


def _place(spec: Body) -> deeds.Place:
    """Our own names, or X's `referenced_tweets`."""
    references = {item["type"]: item["id"] for item in spec.get("referenced_tweets", [])}
    parent = spec.get("in_reply_to_post_id") or references.get("replied_to")
    quoted = spec.get("quoted_post_id") or references.get("quoted")
    numbers = {
        "in_reply_to_post_id": parent,
        "in_reply_to_user_id": spec.get("in_reply_to_user_id"),
        "conversation_id": spec.get("conversation_id"),
        "quoted_post_id": quoted,
    }
    return deeds.Place(
        **{name: None if value is None else int(value) for name, value in numbers.items()},
        lang=spec.get("lang") or "en",
    )


# People


async def health(world: World, body: Body, request: Request) -> Body:
    return {"program": "x_simulator", "now": clock.iso(clock.now_ms())}


def _person_body(person: Person) -> Body:
    return {
        "id": str(person.id),
        "username": person.username,
        "name": person.name,
        "description": person.description,
        "brand": person.brand,
        "receives_your_dm": person.open_dms,
        "locked": person.locked,
    }


async def users(world: World, body: Body, request: Request) -> Body:
    return {"users": [_person_body(person) for person in world.people.all()]}


async def upsert_users(world: World, body: Body, request: Request) -> Body:
    try:
        with world.store.transaction():
            people = [world.people.upsert(spec) for spec in _items(body, "users")]
    except InvalidPerson as error:
        raise BadControl(str(error)) from error
    world.feed.changed()
    return {"users": [_person_body(person) for person in people]}


async def relate(world: World, body: Body, request: Request) -> Body:
    kind = body.get("kind")
    if kind not in RELATIONS:
        raise BadControl(f"kind must be one of {', '.join(RELATIONS)}")
    source, target = _person(world, body, "source_id"), _person(world, body, "target_id")
    world.people.relate(source.id, kind, target.id, on=_flag(body, "on"))
    return {"connection_status": world.people.connection_status(source.id, target.id)}


async def issue_tokens(world: World, body: Body, request: Request) -> Body:
    person = _person(world, body, "user_id")
    scope = body.get("scopes") or EVERYDAY_SCOPE
    scope = scope if isinstance(scope, str) else " ".join(scope)
    if not set(scope.split()) <= SCOPES:
        raise BadControl("scopes names something that X does not have")
    return dict(world.tokens.grant(person.id, scope).body())


async def revoke(world: World, body: Body, request: Request) -> Body:
    deeds.revoke_app(world, _person(world, body, "user_id").id)
    return {"revoked": True}


# Writing and loading


async def write_dm(world: World, body: Body, request: Request) -> Body:
    sender, recipient = _person(world, body, "sender_id"), _person(world, body, "recipient_id")
    deliver, told = _flag({"deliver": True, **body}, "deliver"), _told(body)
    _check_new(told, world.messages.is_taken)
    try:
        message = deeds.send_message(
            world, told, sender=sender, recipient=recipient, source="app", deliver=deliver
        )
    except deeds.NotAllowed as error:
        raise BadControl(str(error), 403) from error
    return {"id": str(message.id)}


async def write_post(world: World, body: Body, request: Request) -> Body:
    author = _person(world, body, "author_id")
    deliver, told = _flag({"deliver": True, **body}, "deliver"), _told(body)
    _check_new(told, world.posts.is_taken)
    try:
        post = deeds.publish_post(
            world, told, _place(body), author=author, source="app", deliver=deliver
        )
    except deeds.NotAllowed as error:
        raise BadControl(str(error), 403) from error
    except (ValueError, TypeError) as error:
        raise BadControl(f"an id in the post is wrong: {error}") from error
    return {"id": str(post.id)}


def _check_new(told: deeds.Told, is_taken: Callable[[int], bool]) -> None:
    if told.id is not None and is_taken(told.id):
        raise BadControl(f"id [{told.id}] is taken", 409)


async def delete_post(world: World, body: Body, request: Request) -> Body:
    post = world.posts.get(ids.parse(str(body.get("id", ""))) or 0)
    if post is None:
        raise BadControl(f"id [{body.get('id')}] is not a known post", 404)
    deeds.delete_post(world, post)
    return {"deleted": True}


async def load(world: World, body: Body, request: Request) -> Body:
    """History: ids and times are kept, X's windows do not hide it, nobody is told. Counts what was
    new."""
    dms, posts = _items(body, "dms"), _items(body, "posts")
    _check_people(world, dms, ("sender_id", "recipient_id"))
    _check_people(world, posts, ("author_id",))
    try:
        with world.store.transaction():
            loaded = {"dms": _load_dms(world, dms), "posts": _load_posts(world, posts)}
    except (ValueError, TypeError, KeyError) as error:
        raise BadControl(f"an id or an entity is wrong: {error!r}") from error
    world.feed.changed()
    return loaded


def _check_people(world: World, specs: Sequence[Body], names: Sequence[str]) -> None:
    named = {str(spec.get(name, "")) for spec in specs for name in names}
    parsed = {text: ids.parse(text) for text in named}
    known: set[int] = set()
    wanted = [user_id for user_id in parsed.values() if user_id is not None]
    for start in range(0, len(wanted), 500):
        known |= world.people.by_ids(wanted[start : start + 500]).keys()
    unknown = sorted(text for text, user_id in parsed.items() if user_id not in known)
    if unknown:
        raise BadControl(f"unknown users: {', '.join(unknown[:10])} (send /_sim/users first)")


def _load_dms(world: World, specs: Sequence[Body]) -> int:
    return world.messages.add(
        [
            deeds.make_message(
                world, _told(spec), int(spec["sender_id"]), int(spec["recipient_id"]), "load"
            )
            for spec in specs
        ]
    )


def _load_posts(world: World, specs: Sequence[Body]) -> int:
    """One by one in the order of time, so that an answer finds what it answers."""
    ordered = sorted(specs, key=lambda spec: int(spec.get("id") or 0))
    return sum(
        world.posts.add(
            [deeds.make_post(world, _told(spec), _place(spec), int(spec["author_id"]), "load")]
        )
        for spec in ordered
    )


# Delivering


async def deliver(world: World, body: Body, request: Request) -> Body:
    """Pushes events of what is there to whoever subscribed, in the given order, and waits."""
    repeat = int(_number(body, "repeat", 1, 1, 100))
    groups = [_happenings(world, spec) for spec in _items(body, "events") for _ in range(repeat)]
    tally = await world.courier.push(
        groups,
        drop=_number(body, "drop", 0, 0, 1),
        concurrency=int(_number(body, "concurrency", 1, 1, MAX_CONCURRENCY)),
        per_second=_number(body, "per_second", 0, 0, 10_000),
        rng=random.Random(body.get("seed")),  # noqa: S311 (which deliveries get lost)
    )
    return {
        "delivered": tally.delivered,
        "dropped": tally.dropped,
        "failed": tally.failed,
        "unsubscribed": tally.unsubscribed,
    }


def _happenings(world: World, spec: Body) -> list[Happening]:
    subject_id = ids.parse(str(spec.get("id", ""))) or 0
    if spec.get("kind") == "dm":
        message = world.messages.get(subject_id)
        if message is not None:
            return activity.of_message(message)
    elif spec.get("kind") == "post":
        post = world.posts.get(subject_id)
        if post is not None:
            return activity.of_post(world, post)
    raise BadControl(f"there is no {spec.get('kind')} with id [{spec.get('id')}]")


# Switches


async def quotas(world: World, body: Body, request: Request) -> Body:
    world.quotas.lift(_flag(body, "lifted"))
    return {"lifted": world.quotas.lifted}


async def quotas_state(world: World, body: Body, request: Request) -> Body:
    return {"lifted": world.quotas.lifted}


async def chatty(world: World, body: Body, request: Request) -> Body:
    every = body.get("every_seconds")
    if every is not None and not (isinstance(every, list) and len(every) == 2):
        raise BadControl("every_seconds must be [least, most]")
    world.chatty.switch(_flag(body, "on"), (float(every[0]), float(every[1])) if every else None)
    return {"on": world.chatty.on}


async def chatty_state(world: World, body: Body, request: Request) -> Body:
    return {"on": world.chatty.on}


async def reply_gate(world: World, body: Body, request: Request) -> Body:
    if body.get("mode") not in GATES:
        raise BadControl(f"mode must be one of {', '.join(GATES)}")
    world.store.set_switch("reply_gate", body["mode"])
    return {"mode": body["mode"]}


# The ledger


async def ledger(world: World, body: Body, request: Request) -> Body:
    return {
        "dms": [
            {
                "id": str(dm.id),
                "sender_id": str(dm.sender_id),
                "recipient_id": str(dm.recipient_id),
                "text": dm.text,
                "created_at": clock.iso(dm.created_ms),
                "source": dm.source,
            }
            for dm in world.messages.all()
        ],
        "posts": [
            {
                "id": str(post.id),
                "author_id": str(post.author_id),
                "text": post.text,
                "conversation_id": str(post.conversation_id),
                "in_reply_to_post_id": _text(post.in_reply_to_post_id),
                "created_at": clock.iso(post.created_ms),
                "source": post.source,
                "deleted": post.deleted_ms is not None,
            }
            for post in world.posts.all()
        ],
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


async def calls(world: World, body: Body, request: Request) -> Body:
    return {"calls": world.ledger.calls(_limit(request))}


async def deliveries(world: World, body: Body, request: Request) -> Body:
    return {"deliveries": world.ledger.deliveries(_limit(request))}


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", "500")
    if not given.isascii() or not given.isdigit():
        raise BadControl("limit must be a number")
    return min(int(given), 20_000)


def _route(method: str, path: str, handler: Control) -> Route:
    return Route(f"/_sim/{path}", _guarded(handler), methods=[method])


ROUTES = (
    _route("GET", "health", health),
    _route("GET", "users", users),
    _route("POST", "users", upsert_users),
    _route("POST", "relations", relate),
    _route("POST", "tokens", issue_tokens),
    _route("POST", "revoke", revoke),
    _route("POST", "dms", write_dm),
    _route("POST", "posts", write_post),
    _route("POST", "posts/delete", delete_post),
    _route("POST", "load", load),
    _route("POST", "deliver", deliver),
    _route("GET", "quotas", quotas_state),
    _route("POST", "quotas", quotas),
    _route("GET", "chatty", chatty_state),
    _route("POST", "chatty", chatty),
    _route("POST", "reply_gate", reply_gate),
    _route("GET", "ledger", ledger),
    _route("GET", "calls", calls),
    _route("GET", "deliveries", deliveries),
)
