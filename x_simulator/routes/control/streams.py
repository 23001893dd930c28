"""How streams behave, which are open, and what ends them."""

from x_simulator.errors import DISCONNECTIONS
from x_simulator.routes.control.calling import BadControl, Body, number, route
from x_simulator.streams.stream import Patience
from x_simulator.world import World

LONGEST_S, MOST_LINES = 3_600, 1_000_000


async def streams(world: World, body: Body) -> Body:
    patience = world.streams.patience
    return {
        "keep_alive_seconds": patience.keep_alive_s,
        "most_waiting": patience.most_waiting,
        "cut_after_seconds": patience.cut_after_s,
        "open": [
            {
                "id": one.connection.uuid,
                "endpoint": one.connection.endpoint,
                "waiting": one.waiting,
            }
            for one in world.streams.now_open()
        ],
    }


async def set_streams(world: World, body: Body) -> Body:
    """For streams that are opened from now on; what is not given stays."""
    now = world.streams.patience
    world.streams.plan(
        Patience(
            keep_alive_s=number(body, "keep_alive_seconds", now.keep_alive_s, 0.01, LONGEST_S),
            most_waiting=int(number(body, "most_waiting", now.most_waiting, 1, MOST_LINES)),
            cut_after_s=number(body, "cut_after_seconds", now.cut_after_s, 0.01, LONGEST_S),
        )
    )
    return await streams(world, body)


async def end_streams(world: World, body: Body) -> Body:
    """All, or those of an endpoint; without a reason X hangs up and says nothing."""
    reason = body.get("disconnect_type", "")
    if reason not in ("", *DISCONNECTIONS):
        raise BadControl(f"disconnect_type must be one of {', '.join(DISCONNECTIONS)}")
    ended = world.streams.now_open(str(body.get("endpoint", "")))
    for stream in ended:
        world.streams.end(stream, reason)
    return {"ended": [one.connection.uuid for one in ended]}


ROUTES = (
    route("GET", "streams", streams),
    route(
        "POST", "streams", set_streams, "keep_alive_seconds", "most_waiting", "cut_after_seconds"
    ),
    route("POST", "streams/end", end_streams, "disconnect_type", "endpoint"),
)
