"""How webhooks are kept valid: when X challenges them, how long it waits for answers and for better
ones, what it signs with. And what came again to them."""

from x_simulator.routes.control.calling import BadControl, Body, number, pair, route
from x_simulator.signatures import HEADERS
from x_simulator.world import World

A_WEEK_S = 7 * 86_400
LONGEST_S = 300


async def validity(world: World, body: Body) -> Body:
    return {
        "check_every_seconds": list(world.checks.every_s),
        "seed": world.checks.seed,
        "within_seconds": world.webhooks.within_s,
        "tolerated_seconds": world.webhooks.tolerated_s,
        "signed_with": world.webhooks.signatures.secrets,
    }


async def set_validity(world: World, body: Body) -> Body:
    """What is not given stays; a seed is for the pauses it is given with."""
    within = number(body, "within_seconds", world.webhooks.within_s, 0.01, LONGEST_S)
    tolerated = number(body, "tolerated_seconds", world.webhooks.tolerated_s, 0, A_WEEK_S)
    every = pair(body, "check_every_seconds") or world.checks.every_s
    seed = body.get("seed")
    if seed is not None and not isinstance(seed, int):
        raise BadControl("seed must be a whole number")
    secrets, known = body.get("signed_with", world.webhooks.signatures.secrets), tuple(HEADERS)
    if not isinstance(secrets, list) or not secrets or not all(one in known for one in secrets):
        raise BadControl(f"signed_with must be a list of {', '.join(HEADERS)}")
    world.webhooks.signatures.sign_with(secrets)
    world.store.set_switch("webhooks_within_s", within)
    world.store.set_switch("webhooks_tolerated_s", tolerated)
    world.checks.plan(every, seed)
    return await validity(world, body)


async def check(world: World, body: Body) -> Body:
    """X challenges every valid webhook, now."""
    checked = await world.checks.check_all()
    return {
        "checked": [
            {"id": str(webhook.id), "verdict": outcome.verdict, "reason": outcome.reason}
            for webhook, outcome in checked
        ]
    }


async def replays(world: World, body: Body) -> Body:
    return {"replays": world.replay_jobs.all()}


ROUTES = (
    route("GET", "webhooks", validity),
    route(
        "POST",
        "webhooks",
        set_validity,
        "check_every_seconds",
        "seed",
        "within_seconds",
        "tolerated_seconds",
        "signed_with",
    ),
    route("POST", "webhooks/check", check),
    route("GET", "webhooks/replays", replays),
)
