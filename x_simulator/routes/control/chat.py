"""Writing in encrypted chats as people do in X's own app, and moving a pair there."""

from x_simulator.chat import chatting
from x_simulator.chat.chats import ChatEvent, Conversation
from x_simulator.routes.control.calling import (
    BadControl,
    Body,
    flag,
    people,
    person,
    refusals,
    route,
)
from x_simulator.world import World


async def say(world: World, body: Body) -> Body:
    """To a person or into a group."""
    sender, deliver = person(world, body, "sender_id"), flag(body, "deliver", default=True)
    text = _text(body)
    with refusals():
        if "conversation_id" in body:
            group = _group(world, body)
            said = chatting.say_in(world, text, sender=sender, group=group, deliver=deliver)
        else:
            recipient = person(world, body, "recipient_id")
            said = chatting.say(world, text, sender=sender, recipient=recipient, deliver=deliver)
    return told(said)


def told(event: ChatEvent) -> Body:
    return {
        "id": str(event.id),
        "message_id": event.message_id,
        "conversation_id": event.chat,
        "encrypted": True,
    }


def _text(body: Body) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text:
        raise BadControl("text is missing or empty")
    return text


def _group(world: World, body: Body) -> Conversation:
    group = world.chats.get(str(body["conversation_id"]))
    if group is None or not group.is_group:
        raise BadControl(f"conversation_id [{body['conversation_id']}] is not a known group", 404)
    return group


async def upgrade(world: World, body: Body) -> Body:
    one, other = person(world, body, "user_id"), person(world, body, "other_id")
    chatting.upgrade(world, one, other, on=flag(body, "on", default=True))
    return {"encrypted": world.chats.is_upgraded(one.id, other.id)}


async def open_group(world: World, body: Body) -> Body:
    creator = person(world, body, "creator_id")
    members, name = people(world, body, "member_ids"), str(body.get("name", ""))
    return {"id": chatting.open_group(world, name, creator=creator, members=members)}


ROUTES = (
    route("POST", "chat", say, "sender_id", "recipient_id", "conversation_id", "text", "deliver"),
    route("POST", "chat/upgrade", upgrade, "user_id", "other_id", "on"),
    route("POST", "chat/groups", open_group, "creator_id", "member_ids", "name"),
)
