"""The body of a delivery: X's envelope around what happened."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from x_simulator import wire
from x_simulator.chat import telling
from x_simulator.happenings import ON_REVOKE, Happening
from x_simulator.messages import DirectMessage
from x_simulator.posts import Post

if TYPE_CHECKING:
    from x_simulator.world import World

# So X's documents show what others make of one's own posts.
WITHOUT_INCLUDES = ("post.reply.create", "post.quote.create", "post.repost.create")


def envelope(world: "World", event: Happening, *, tag: str, direction: str, at_ms: int) -> Any:
    """The body of a delivery; None when its subject is gone."""
    told = _told(world, event, at_ms)
    if told is None:
        return None
    body: dict[str, Any] = {
        "event_uuid": _uuid(event, at_ms),
        "filter": _filter(event, direction),
        "event_type": event.event_type,
    }
    if tag:
        body["tag"] = tag
    return {"data": body | told}


def _filter(event: Happening, direction: str) -> dict[str, str]:
    if event.event_type == ON_REVOKE:
        return {}
    whole = {"user_id": str(event.user_id)}
    return whole | {"direction": direction} if direction else whole


def _uuid(event: Happening, at_ms: int) -> str:
    """As seen live: a post's own id, or any 64-bit number, below zero as often as not. The same
    event has the same one however often it is delivered."""
    if event.event_type in ("post.create", "post.mention.create"):
        return str(event.subject_id)
    moment = at_ms if event.event_type == ON_REVOKE else 0
    seed = f"{event.event_type}:{event.user_id}:{event.subject_id}:{moment}".encode()
    return str(int.from_bytes(hashlib.sha256(seed).digest()[:8], "big", signed=True))


def _told(world: "World", event: Happening, at_ms: int) -> dict[str, Any] | None:
    if event.event_type == ON_REVOKE:
        moment = datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()
        user_id, app_id = str(event.user_id), world.settings.app_id
        return {"payload": {"date_time": moment, "user_id": user_id, "app_id": app_id}}
    if event.event_type.startswith("dm."):
        message = world.messages.get(event.subject_id)
        return None if message is None else {"payload": _dm_payload(world, message)}
    if event.event_type.startswith("chat."):
        said = world.chats.event(event.subject_id)
        return None if said is None else {"payload": telling.payload(world, said, event.user_id)}
    post = world.posts.get(event.subject_id)
    if post is None:
        return None
    if event.event_type == "post.delete":
        payload = {"id": str(post.id), "author_id": str(post.author_id)}
        users = [{"data": user} for user in _profiles(world, [post.author_id])]
        return {"payload": payload, "includes": {"users": users}}
    return _post_told(world, event, post)


def _post_told(world: "World", event: Happening, post: Post) -> dict[str, Any]:
    payload = wire.doubled(wire.whole_post(post, media=world.media.by_ids(post.media_ids)))
    if post.in_reply_to_post_id is not None:
        payload["in_reply_to_tweet_id"] = str(post.in_reply_to_post_id)
    if event.event_type in WITHOUT_INCLUDES:
        del payload["edit_controls"]
        return {"payload": payload, "includes": {}}
    people = [post.author_id]
    if event.event_type == "post.mention.create":
        people.append(event.user_id)
    return {
        "payload": payload,
        "includes": {"users": _profiles(world, people), "tweets": [payload]},
    }


def _profiles(world: "World", user_ids: Iterable[int]) -> list[dict[str, Any]]:
    found = world.people.by_ids(user_ids)
    profiles = [wire.profile(world, found[i]) for i in dict.fromkeys(user_ids) if i in found]
    for profile in profiles:
        del profile["parody"]  # REST only
    return [wire.doubled(profile) for profile in profiles]


def _dm_payload(world: "World", message: DirectMessage) -> dict[str, Any]:
    """In the form of X's older API, without a conversation id. The time is that of the snowflake,
    to the millisecond, where REST tells whole seconds."""
    told: dict[str, Any] = {"text": message.text, "entities": _older_entities(world, message)}
    if message.media_ids:
        told["attachment"] = {"type": "media", "media": _older_medium(world, message)}
    event = {
        "type": "message_create",
        "id": str(message.id),
        "created_timestamp": str(message.created_ms),
        "message_create": {
            "target": {"recipient_id": str(message.recipient_id)},
            "sender_id": str(message.sender_id),
            "message_data": told,
        },
    }
    users = _profiles(world, (message.sender_id, message.recipient_id))
    return {
        "direct_message_events": [event],
        "users": {user["id"]: {"data": user} for user in users},
    }


def _older_medium(world: "World", message: DirectMessage) -> dict[str, Any]:
    """The one medium of a message, which the last link of its text stands for."""
    medium = world.media.by_ids(message.media_ids)[message.media_ids[0]]
    link = message.entities["urls"][-1]
    address = wire.protected_address(message.id, medium)
    return {
        "id": medium.id,
        "id_str": str(medium.id),
        "indices": [link["start"], link["end"]],
        "media_url": address,
        "media_url_https": address,
        "url": link["url"],
        "display_url": link["display_url"],
        "expanded_url": link["expanded_url"],
        "type": wire.MEDIA_TYPES[medium.kind],
        "sizes": {"large": {"w": medium.width, "h": medium.height, "resize": "fit"}},
    }


def _older_entities(world: "World", message: DirectMessage) -> dict[str, list[dict[str, Any]]]:
    found = message.entities

    def indices(item: dict[str, Any]) -> list[int]:
        return [item["start"], item["end"]]

    links = ("url", "expanded_url", "display_url")
    return {
        "hashtags": [
            {"text": item["tag"], "indices": indices(item)} for item in found.get("hashtags", [])
        ],
        "symbols": [
            {"text": item["tag"], "indices": indices(item)} for item in found.get("cashtags", [])
        ],
        "user_mentions": [
            _older_mention(world, item, indices(item)) for item in found.get("mentions", [])
        ],
        "urls": [
            {**{name: item[name] for name in links if name in item}, "indices": indices(item)}
            for item in found.get("urls", [])
        ],
    }


def _older_mention(world: "World", item: dict[str, Any], indices: list[int]) -> dict[str, Any]:
    mention: dict[str, Any] = {"screen_name": item["username"], "indices": indices}
    if "id" not in item:
        return mention
    person = world.people.get(int(item["id"]))
    name = person.name if person else item["username"]
    return {"name": name, "id": int(item["id"]), "id_str": item["id"], **mention}
