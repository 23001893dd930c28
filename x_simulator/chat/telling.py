"""Chat events as deliveries and as answers of X's API carry them."""

from typing import TYPE_CHECKING, Any

from x_simulator import clock
from x_simulator.chat import sealing
from x_simulator.chat.chats import ChatEvent, Conversation

if TYPE_CHECKING:
    from x_simulator.world import World

Object = dict[str, Any]
EVENT_DEFAULTS = frozenset({"id", "encoded_event"})
CONVERSATION_DEFAULTS = frozenset({"id", "type"})


def payload(world: "World", event: ChatEvent, user_id: int) -> Object:
    """Of a delivery: for this person, with the key that the event is under."""
    told: Object = {
        "id": event.message_id,
        "created_at_msec": str(event.created_ms),
        "sender_id": str(event.sender_id),
        "conversation_id": event.chat,
        "conversation_token": sealing.token(event.chat, user_id),
        "conversation_key_version": event.key_version,
        "encoded_event": event.encoded,
        "message_event_signature": sealing.signature(event.message_id, event.sender_id),
    }
    for key in world.chats.key_changes(event.chat, [event.key_version]):
        told["conversation_key_change_event"] = key.encoded
    return told


def event_told(event: ChatEvent, user_id: int) -> Object:
    """Every field of an event in a list."""
    told: Object = {
        "id": str(event.id),
        "conversation_id": event.chat,
        "conversation_token": sealing.token(event.chat, user_id),
        "created_at": clock.iso(event.created_ms),
        "encoded_event": event.encoded,
        "is_trusted": True,
        "message_event_signature": sealing.signature(event.message_id, event.sender_id),
        "sender_id": str(event.sender_id),
    }
    return told if event.previous_id is None else {**told, "previous_id": str(event.previous_id)}


def conversation_told(conversation: Conversation) -> Object:
    """Every field of a conversation."""
    members = [str(user_id) for user_id in conversation.member_ids]
    told: Object = {
        "id": conversation.path_name,
        "created_at": clock.iso(conversation.created_ms),
        "updated_at": clock.iso(conversation.updated_ms),
        "is_muted": False,
        "screen_capture_blocking_enabled": False,
        "screen_capture_detection_enabled": False,
    }
    if not conversation.is_group:
        return {**told, "type": "direct", "participant_ids": members}
    group: Object = {"type": "group", "member_ids": members, "admin_ids": members[:1]}
    return {**told, **group, "group_name": conversation.group_name}
