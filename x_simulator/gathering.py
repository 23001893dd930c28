"""What people do in groups: open one, write there, come and go.

Webhooks and streams hear nothing of it: the events of direct messages name one recipient.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from x_simulator import composing, deeds, ids
from x_simulator.composing import Told
from x_simulator.deeds import NO_PERMISSION, NotAllowed
from x_simulator.messages import DirectMessage, EventType, Source
from x_simulator.people import Person

if TYPE_CHECKING:
    from x_simulator.world import World


def open_group(
    world: "World", told: Told, *, creator: Person, invited: Sequence[Person], source: Source
) -> DirectMessage:
    """With its first message. Raises NotAllowed, MessageTooLong."""
    for person in invited:
        deeds.check_may_message(world, told.text, creator, person)
    group_id = world.minter.mint()
    with world.store.transaction():
        world.groups.join(group_id, [creator.id, *(person.id for person in invited)])
        return write(world, told, sender=creator, group_id=group_id, source=source)


def write(
    world: "World", told: Told, *, sender: Person, group_id: int, source: Source
) -> DirectMessage:
    """Raises NotAllowed, MessageTooLong."""
    deeds.check_may_write(told.text, sender)
    _check_member(world, group_id, sender)
    message = composing.make_message(world, told, sender.id, 0, source)
    return _kept(world, replace(message, group_id=group_id))


def join(world: "World", group_id: int, person: Person, *, inviter: Person) -> DirectMessage:
    """Raises NotAllowed."""
    _check_member(world, group_id, inviter)
    world.groups.join(group_id, [person.id])
    return _kept(world, _change(world, "ParticipantsJoin", group_id, person, inviter.id))


def leave(world: "World", group_id: int, person: Person) -> DirectMessage:
    """Raises NotAllowed."""
    _check_member(world, group_id, person)
    world.groups.leave(group_id, person.id)
    return _kept(world, _change(world, "ParticipantsLeave", group_id, person, person.id))


def _check_member(world: "World", group_id: int, person: Person) -> None:
    if person.id not in world.groups.members(group_id):
        raise NotAllowed(NO_PERMISSION)


def _change(
    world: "World", event_type: EventType, group_id: int, person: Person, by_id: int
) -> DirectMessage:
    event_id = world.minter.mint()
    return DirectMessage(
        id=event_id,
        sender_id=by_id,
        recipient_id=0,
        text="",
        entities={},
        created_ms=ids.time_of(event_id),
        source="app",
        event_type=event_type,
        participant_ids=(person.id,),
        group_id=group_id,
    )


def _kept(world: "World", message: DirectMessage) -> DirectMessage:
    """For everybody who is in the group now."""
    world.messages.add([message], seen_by=world.groups.members(message.group_id))
    world.feed.changed()
    return message
