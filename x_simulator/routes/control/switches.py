"""What can be switched: quotas, the chatty customer, the reply gate. All outlive the program."""

from x_simulator import clock
from x_simulator.routes.control.calling import BadControl, Body, flag, route
from x_simulator.world import World

GATES = ("engaged", "explicit", "off")


async def health(world: World, body: Body) -> Body:
    return {"program": "x_simulator", "now": clock.iso(clock.now_ms())}


async def quotas(world: World, body: Body) -> Body:
    return {"lifted": world.quotas.lifted}


async def lift_quotas(world: World, body: Body) -> Body:
    world.quotas.lift(flag(body, "lifted"))
    return await quotas(world, body)


async def chatty(world: World, body: Body) -> Body:
    return {"on": world.chatty.on}


async def switch_chatty(world: World, body: Body) -> Body:
    world.chatty.switch(flag(body, "on"), _every(body))
    return await chatty(world, body)


def _every(body: Body) -> tuple[float, float] | None:
    every = body.get("every_seconds")
    if every is None:
        return None
    try:
        least, most = (float(part) for part in every)
    except (TypeError, ValueError) as error:
        raise BadControl("every_seconds must be [least, most]") from error
    return least, most


async def set_reply_gate(world: World, body: Body) -> Body:
    if body.get("mode") not in GATES:
        raise BadControl(f"mode must be one of {', '.join(GATES)}")
    world.store.set_switch("reply_gate", body["mode"])
    return {"mode": body["mode"]}


ROUTES = (
    route("GET", "health", health),
    route("GET", "quotas", quotas),
    route("POST", "quotas", lift_quotas),
    route("GET", "chatty", chatty),
    route("POST", "chatty", switch_chatty),
    route("POST", "reply_gate", set_reply_gate),
)
