"""Opening groups of direct messages, joining and leaving them, as people do in X's own app."""

from x_simulator import gathering, ids
from x_simulator.composing import Told
from x_simulator.routes.control.calling import BadControl, Body, people, person, refusals, route
from x_simulator.world import World


async def open_group(world: World, body: Body) -> Body:
    creator, invited = person(world, body, "creator_id"), people(world, body, "member_ids")
    told = Told(str(body.get("text") or "Hello, everybody."))
    with refusals():
        message = gathering.open_group(world, told, creator=creator, invited=invited, source="app")
    return {"id": message.conversation_id, "dm_id": str(message.id)}


async def join(world: World, body: Body) -> Body:
    joining, inviter = person(world, body, "user_id"), person(world, body, "inviter_id")
    with refusals():
        return {"id": str(gathering.join(world, group_id(body), joining, inviter=inviter).id)}


async def leave(world: World, body: Body) -> Body:
    leaving = person(world, body, "user_id")
    with refusals():
        return {"id": str(gathering.leave(world, group_id(body), leaving).id)}


def group_id(body: Body) -> int:
    number = ids.parse(str(body.get("group_id", "")))
    if number is None:
        raise BadControl(f"group_id [{body.get('group_id')}] is not an id")
    return number


ROUTES = (
    route("POST", "groups", open_group, "creator_id", "member_ids", "text"),
    route("POST", "groups/join", join, "group_id", "user_id", "inviter_id"),
    route("POST", "groups/leave", leave, "group_id", "user_id"),
)
