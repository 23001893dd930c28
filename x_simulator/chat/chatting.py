"""What people do in encrypted chats, each in X's own app: X's API is asked for none of it here."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from x_simulator import clock, deeds, happenings, ids
from x_simulator.chat import sealing
from x_simulator.chat.chats import ChatEvent, Conversation, Kind, pair_name
from x_simulator.chat.thrift import Struct
from x_simulator.composing import Told
from x_simulator.messages import DirectMessage
from x_simulator.people import Person

if TYPE_CHECKING:
    from x_simulator.world import World


def upgrade(world: "World", one: Person, other: Person, *, on: bool) -> None:
    """From now on what the two write to each other is encrypted; or, with `on` off, is not."""
    name = _between(world, one, other)
    world.chats.upgrade(name, on=on)
    world.feed.changed()


def write(
    world: "World", told: Told, *, sender: Person, recipient: Person, deliver: bool = True
) -> DirectMessage | ChatEvent:
    """In whichever of the two ways this pair talks now. Raises NotAllowed, MessageTooLong."""
    if not world.chats.is_upgraded(sender.id, recipient.id):
        return deeds.send_message(
            world, told, sender=sender, recipient=recipient, source="app", deliver=deliver
        )
    return say(world, told.text, sender=sender, recipient=recipient, deliver=deliver)


def say(
    world: "World", text: str, *, sender: Person, recipient: Person, deliver: bool = True
) -> ChatEvent:
    """Encrypted, whether or not their direct messages are. Raises NotAllowed, MessageTooLong."""
    deeds.check_may_message(world, text, sender, recipient)
    return _say(world, _between(world, sender, recipient), sender, text, deliver=deliver)


def say_in(
    world: "World", text: str, *, sender: Person, group: Conversation, deliver: bool = True
) -> ChatEvent:
    """Raises NotAllowed."""
    if sender.id not in group.member_ids:
        raise deeds.NotAllowed("Only who is in a group can write there.")
    return _say(world, group.name, sender, text, deliver=deliver)


def open_group(
    world: "World", name: str, *, creator: Person, members: Iterable[Person], deliver: bool = True
) -> str:
    """Its id. Everybody but its creator has joined it then."""
    others = [person for person in members if person.id != creator.id]
    group = f"g{world.minter.mint()}"
    _open(world, group, [creator.id, *(person.id for person in others)], creator, name)
    for person in others:
        version, came = _key_version(world, group), sealing.group_change([person.id])
        joined = _written(world, group, "join", creator, version, came)
        if deliver:
            world.announce(happenings.of_joining(joined, person.id))
    world.feed.changed()
    return group


def _say(world: "World", name: str, sender: Person, text: str, *, deliver: bool) -> ChatEvent:
    version = _key_version(world, name)
    sealed = sealing.message(text, version)
    event = _written(world, name, "message", sender, version, sealed, text)
    if deliver:
        world.announce(happenings.of_chat(world, event))
    world.feed.changed()
    return event


def _between(world: "World", one: Person, other: Person) -> str:
    """The name of their chat, which has a key then."""
    name = pair_name(one.id, other.id)
    if world.chats.last(name) is None:
        _open(world, name, sorted((one.id, other.id)), one)
    return name


def _open(
    world: "World", name: str, member_ids: list[int], opener: Person, group_name: str = ""
) -> None:
    """Its first event is its first key, whose version is the time."""
    now = clock.now_ms()
    key = sealing.key_change(str(now), member_ids)
    with world.store.transaction():
        world.chats.open(name, member_ids, created_ms=now, group_name=group_name)
        _written(world, name, "key", opener, str(now), key)


def _key_version(world: "World", name: str) -> str:
    key = world.chats.last(name, kind="key")
    if key is None:
        raise LookupError(f"{name} has no key")
    return key.key_version


def _written(
    world: "World",
    name: str,
    kind: Kind,
    sender: Person,
    version: str,
    detail: Struct,
    text: str = "",
) -> ChatEvent:
    sequence_id, message_id = world.minter.mint(), str(uuid.uuid4())
    created_ms, previous = ids.time_of(sequence_id), world.chats.last(name)
    previous_id = None if previous is None else previous.id
    encoded = sealing.event(
        sequence_id=sequence_id,
        message_id=message_id,
        sender_id=sender.id,
        conversation_id=name,
        created_ms=created_ms,
        previous_id=previous_id,
        detail=detail,
    )
    event = ChatEvent(
        id=sequence_id,
        chat=name,
        kind=kind,
        message_id=message_id,
        sender_id=sender.id,
        text=text,
        key_version=version,
        encoded=encoded,
        created_ms=created_ms,
        previous_id=previous_id,
    )
    world.chats.write(event)
    return event
