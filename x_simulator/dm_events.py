"""Direct messages as X's REST answers carry them, and what they include."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from x_simulator import wire
from x_simulator.fields import Fields, chosen
from x_simulator.media import Medium
from x_simulator.messages import DirectMessage

if TYPE_CHECKING:
    from x_simulator.world import World


def dm_event(message: DirectMessage, fields: Fields, media: Sequence[Medium] = ()) -> wire.Object:
    whole: wire.Object = {
        "id": str(message.id),
        "event_type": "MessageCreate",
        "text": message.text,
        "sender_id": str(message.sender_id),
        "dm_conversation_id": message.conversation_id,
        "created_at": wire.created_at(message.created_ms, message.source),
    }
    if message.entities:
        whole["entities"] = message.entities
    if message.media_ids:
        whole["attachments"] = {"media_keys": [medium.key for medium in media]}
    return chosen(whole, fields.dm | (fields.expansions & {"sender_id"}) | wire.attached(fields))


def dm_answer(
    world: "World", messages: Sequence[DirectMessage], fields: Fields, viewer_id: int
) -> wire.Object:
    """`data` (a list) and `includes`, each only when there is something in it."""
    senders = [m.sender_id for m in messages] if "sender_id" in fields.expansions else []
    users = wire.people_told(world, senders, fields, viewer_id)
    media = world.media.by_ids(media_id for m in messages for media_id in m.media_ids)
    data = [dm_event(m, fields, [media[i] for i in m.media_ids]) for m in messages]
    shown = [
        wire.medium_told(media[i], wire.protected_address(m.id, media[i]), fields)
        for m in messages
        for i in m.media_ids
        if wire.attached(fields)
    ]
    return wire.present(data=data, includes=wire.present(users=users, media=wire.once(shown)))
