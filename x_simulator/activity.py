"""The X Activity API: who subscribed to what, and what a happening looks like when delivered."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from x_simulator import clock, wire
from x_simulator.messages import DirectMessage
from x_simulator.pages import Page, Slice
from x_simulator.posts import Post
from x_simulator.store import Row, Store, marks

if TYPE_CHECKING:
    from x_simulator.world import World

CAP = 1_500
# The scope that the subscribed person must have given; None: public, the app's bearer is enough.
EVENT_TYPES: dict[str, str | None] = {
    **dict.fromkeys(("dm.received", "dm.sent", "dm.read", "dm.indicate_typing"), "dm.read"),
    **dict.fromkeys(("chat.received", "chat.sent", "chat.conversation.join"), "dm.read"),
    **dict.fromkeys(("post.mention.create", "post.reply.create"), "tweet.read"),
    **dict.fromkeys(("post.quote.create", "post.repost.create"), "tweet.read"),
    **dict.fromkeys(("post.create", "post.delete", "follow.follow", "follow.unfollow"), None),
    **dict.fromkeys(("block.block", "block.unblock"), "block.read"),
    **dict.fromkeys(("mute.mute", "mute.unmute"), "mute.read"),
    "like.create": "like.read",
    "profile.update.handle": None,
    "profile.update.screenname": None,
    "profile.update.bio": None,
    "profile.update.profile_picture": None,
}
ALIASES = {"chat.conversation_join": "chat.conversation.join"}
ON_REVOKE = "oauth.revoke"  # needs no subscription


@dataclass(frozen=True, slots=True)
class Subscription:
    id: int
    event_type: str
    user_id: int
    direction: str
    tag: str
    webhook_id: int | None
    created_ms: int
    updated_ms: int

    @property
    def filter(self) -> dict[str, str]:
        whole = {"user_id": str(self.user_id)}
        return whole | {"direction": self.direction} if self.direction else whole

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "subscription_id": str(self.id),
            "event_type": self.event_type,
            "filter": self.filter,
            "created_at": clock.iso_second(self.created_ms),
            "updated_at": clock.iso_second(self.updated_ms),
        }
        if self.tag:
            body["tag"] = self.tag
        return body if self.webhook_id is None else body | {"webhook_id": str(self.webhook_id)}


def _subscription(row: Row) -> Subscription:
    return Subscription(
        id=row["id"],
        event_type=row["event_type"],
        user_id=row["user_id"],
        direction=row["direction"],
        tag=row["tag"],
        webhook_id=row["webhook_id"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
    )


class Subscriptions:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, subscription: Subscription) -> bool:
        """False when this person's events of this type are subscribed to already."""
        one = subscription
        written = self._store.write(
            "INSERT OR IGNORE INTO subscriptions (id, event_type, user_id, direction, tag,"
            " webhook_id, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.id,
                one.event_type,
                one.user_id,
                one.direction,
                one.tag,
                one.webhook_id,
                one.created_ms,
                one.updated_ms,
            ),
        )
        return written == 1

    def get(self, subscription_id: int) -> Subscription | None:
        row = self._store.row("SELECT * FROM subscriptions WHERE id = ?", (subscription_id,))
        return None if row is None else _subscription(row)

    def update(self, subscription_id: int, *, tag: str | None, webhook_id: int | None) -> None:
        self._store.write(
            "UPDATE subscriptions SET tag = ifnull(?, tag), webhook_id = ifnull(?, webhook_id),"
            " updated_ms = ? WHERE id = ?",
            (tag, webhook_id, clock.now_ms(), subscription_id),
        )

    def remove(self, subscription_ids: Sequence[int]) -> int:
        return self._store.write(
            f"DELETE FROM subscriptions WHERE id IN ({marks(len(subscription_ids))})",  # noqa: S608 (placeholders only)
            list(subscription_ids),
        )

    def count(self) -> int:
        return int(self._store.value("SELECT count(*) FROM subscriptions"))

    def page(self, window: Slice, user_id: int | None) -> Page[Subscription]:
        """Newest first; app-wide, or of one person."""
        where, values = window.where("id")
        whose = "" if user_id is None else f"user_id = {user_id:d} AND "
        rows = self._store.rows(
            f"SELECT * FROM subscriptions WHERE {whose}{where}"  # noqa: S608 (an integer, fixed text)
            f" ORDER BY id {window.direction} LIMIT ?",
            [*values, window.limit + 1],
        )
        return window.page([_subscription(row) for row in rows])

    def to(self, event_type: str, user_id: int, direction: str = "") -> list[Subscription]:
        """Those that go to a webhook."""
        rows = self._store.rows(
            "SELECT * FROM subscriptions WHERE user_id = ? AND event_type = ?"
            " AND direction IN ('', ?) AND webhook_id IS NOT NULL",
            (user_id, event_type, direction),
        )
        return [_subscription(row) for row in rows]


# What happened


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as one person's subscriptions see it. The subject is a message, a post or, for a
    revocation, nothing but the moment."""

    event_type: str
    user_id: int
    subject_id: int


def of_message(message: DirectMessage) -> list[Happening]:
    return [
        Happening("dm.sent", message.sender_id, message.id),
        Happening("dm.received", message.recipient_id, message.id),
    ]


def of_post(world: "World", post: Post) -> list[Happening]:
    """X tells of explicit mentions and of direct replies only."""
    happenings = [Happening("post.create", post.author_id, post.id)]
    happenings += [
        Happening("post.mention.create", mention.user_id, post.id)
        for mention in world.posts.mentions_of(post.id)
        if mention.explicit and mention.user_id != post.author_id
    ]
    parent = world.posts.get(post.in_reply_to_post_id) if post.in_reply_to_post_id else None
    if parent is not None and parent.author_id != post.author_id:
        happenings.append(Happening("post.reply.create", parent.author_id, post.id))
    return happenings


def of_deletion(post: Post) -> list[Happening]:
    """Only the author's own subscriptions hear of it."""
    return [Happening("post.delete", post.author_id, post.id)]


# What is delivered


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
    post = world.posts.get(event.subject_id)
    if post is None:
        return None
    if event.event_type == "post.delete":
        payload = {"id": str(post.id), "author_id": str(post.author_id)}
        users = [{"data": user} for user in _profiles(world, [post.author_id])]
        return {"payload": payload, "includes": {"users": users}}
    return _post_told(world, event, post)


def _post_told(world: "World", event: Happening, post: Post) -> dict[str, Any]:
    payload = wire.doubled(wire.whole_post(post))
    if post.in_reply_to_post_id is not None:
        payload["in_reply_to_tweet_id"] = str(post.in_reply_to_post_id)
    if event.event_type == "post.reply.create":  # so X's documents show it
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
    event = {
        "type": "message_create",
        "id": str(message.id),
        "created_timestamp": str(message.created_ms),
        "message_create": {
            "target": {"recipient_id": str(message.recipient_id)},
            "sender_id": str(message.sender_id),
            "message_data": {"text": message.text, "entities": _older_entities(world, message)},
        },
    }
    users = _profiles(world, (message.sender_id, message.recipient_id))
    return {
        "direct_message_events": [event],
        "users": {user["id"]: {"data": user} for user in users},
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
