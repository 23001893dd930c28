"""Pushing events of what is there to whoever subscribed."""

import random

from x_simulator import happenings, ids
from x_simulator.happenings import Happening
from x_simulator.outbound import AT_ONCE
from x_simulator.routes.control.calling import BadControl, Body, items, number, route
from x_simulator.world import World


async def deliver(world: World, body: Body) -> Body:
    """In the given order; answers when all is done."""
    repeat, seed = int(number(body, "repeat", 1, 1, 100)), body.get("seed")
    if not isinstance(seed, int | float | str | None):
        raise BadControl("seed must be a number or a text")
    groups = [_happenings(world, spec) for spec in items(body, "events") for _ in range(repeat)]
    tally = await world.courier.push(
        groups,
        drop=number(body, "drop", 0, 0, 1),
        concurrency=int(number(body, "concurrency", 1, 1, AT_ONCE)),
        per_second=number(body, "per_second", 0, 0, 10_000),
        rng=random.Random(seed),  # noqa: S311 (which deliveries get lost)
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
            return happenings.of_message(message)
    elif spec.get("kind") == "chat":
        said = world.chats.event(subject_id)
        if said is not None and said.kind == "message":
            return happenings.of_chat(world, said)
    elif spec.get("kind") == "post":
        post = world.posts.get(subject_id)
        if post is not None:
            return happenings.of_post(world, post)
    raise BadControl(f"there is no {spec.get('kind')} with id [{spec.get('id')}]")


ROUTES = (
    route(
        "POST", "deliver", deliver, "events", "repeat", "drop", "seed", "concurrency", "per_second"
    ),
)
