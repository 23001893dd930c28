"""What can be switched: quotas, the chatty customer, the reply gate. All outlive the program."""

from x_simulator import clock
from x_simulator.routes.control.calling import BadControl, Body, flag, pair, route
from x_simulator.world import World

REFUSALS = ("problem", "older")
GATES = ("engaged", "explicit", "off")


async def health(world: World, body: Body) -> Body:
    return {"program": "x_simulator", "now": clock.iso(clock.now_ms())}


async def quotas(world: World, body: Body) -> Body:
    refusal = "older" if world.quotas.speaks_older else "problem"
    return {"lifted": world.quotas.lifted, "refusal": refusal}


async def set_quotas(world: World, body: Body) -> Body:
    """What is not given stays. `renew` lets every window begin anew."""
    lifted = flag(body, "lifted", world.quotas.lifted)
    refusal = body.get("refusal", (await quotas(world, body))["refusal"])
    if refusal not in REFUSALS:
        raise BadControl(f"refusal must be one of {', '.join(REFUSALS)}")
    world.quotas.lift(lifted)
    world.quotas.speak(older=refusal == "older")
    if flag(body, "renew", False):
        world.quotas.renew()
    return await quotas(world, body)


async def chatty(world: World, body: Body) -> Body:
    return {"on": world.chatty.on}


async def switch_chatty(world: World, body: Body) -> Body:
    world.chatty.switch(flag(body, "on"), pair(body, "every_seconds"))
    return await chatty(world, body)


async def set_reply_gate(world: World, body: Body) -> Body:
    if body.get("mode") not in GATES:
        raise BadControl(f"mode must be one of {', '.join(GATES)}")
    world.store.set_switch("reply_gate", body["mode"])
    return {"mode": body["mode"]}


ROUTES = (
    route("GET", "health", health),
    route("GET", "quotas", quotas),
    route("POST", "quotas", set_quotas, "lifted", "refusal", "renew"),
    route("GET", "chatty", chatty),
    route("POST", "chatty", switch_chatty, "on", "every_seconds"),
    route("POST", "reply_gate", set_reply_gate, "mode"),
)
