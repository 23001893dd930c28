"""What happened on X, as one person's subscriptions see it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from x_simulator.messages import DirectMessage
from x_simulator.posts import Post

if TYPE_CHECKING:
    from x_simulator.world import World

ON_REVOKE = "oauth.revoke"  # needs no subscription


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
