"""The X Activity API: who subscribed to which events of whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from x_simulator import clock
from x_simulator.pages import Page, Slice
from x_simulator.store import Row, Store, marks

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
# What others do to somebody, and what comes of somebody's own deeds.
DIRECTION_OF = {
    **dict.fromkeys(("dm.received", "chat.received", "post.mention.create"), "inbound"),
    **dict.fromkeys(("post.reply.create", "post.quote.create", "post.repost.create"), "inbound"),
    **dict.fromkeys(("dm.sent", "chat.sent", "post.create", "post.delete"), "outbound"),
}
ALIASES = {"chat.conversation_join": "chat.conversation.join"}


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

    def to(self, event_type: str, user_id: int) -> list[Subscription]:
        """Whether or not they go to a webhook, but for those of the other direction."""
        rows = self._store.rows(
            "SELECT * FROM subscriptions WHERE user_id = ? AND event_type = ?"
            " AND direction IN ('', ?)",
            (user_id, event_type, DIRECTION_OF.get(event_type, "")),
        )
        return [_subscription(row) for row in rows]
