"""What happened on X, as one person's subscriptions see it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from x_simulator.chat.chats import ChatEvent
from x_simulator.messages import DirectMessage
from x_simulator.posts import Post

if TYPE_CHECKING:
    from x_simulator.world import World

ON_REVOKE = "oauth.revoke"  # needs no subscription
IN_PUBLIC = "post.public"  # nobody subscribes to it: the filtered stream chooses by rules


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as one person's subscriptions see it. The subject is a message, a post, an event of
    a chat or, for a revocation, nothing but the moment."""

    event_type: str
    user_id: int
    subject_id: int


def of_message(message: DirectMessage) -> list[Happening]:
    """None of what is said in a group: the events name one recipient."""
    if message.group_id:
        return []
    return [
        Happening("dm.sent", message.sender_id, message.id),
        Happening("dm.received", message.recipient_id, message.id),
    ]


def of_chat(world: "World", event: ChatEvent) -> list[Happening]:
    """Of what somebody said in an encrypted chat."""
    chat = world.chats.get(event.chat)
    others = [one for one in chat.member_ids if one != event.sender_id] if chat else []
    received = [Happening("chat.received", user_id, event.id) for user_id in others]
    return [Happening("chat.sent", event.sender_id, event.id), *received]


def of_joining(event: ChatEvent, user_id: int) -> list[Happening]:
    return [Happening("chat.conversation.join", user_id, event.id)]


def of_post(world: "World", post: Post) -> list[Happening]:
    """X tells of explicit mentions, direct replies, quotes and reposts, never of protected posts. A
    changed post is told like a new one."""
    author = world.people.get(post.author_id)
    if author is not None and author.protected:
        return []
    happenings = [Happening(IN_PUBLIC, post.author_id, post.id)]
    if post.reposted_post_id is not None:
        of_repost = _to_author_of(world, post.reposted_post_id, "post.repost.create", post)
        return happenings + of_repost
    happenings.append(Happening("post.create", post.author_id, post.id))
    happenings += [
        Happening("post.mention.create", mention.user_id, post.id)
        for mention in world.posts.mentions_of(post.id)
        if mention.explicit and mention.user_id != post.author_id
    ]
    happenings += _to_author_of(world, post.in_reply_to_post_id, "post.reply.create", post)
    happenings += _to_author_of(world, post.quoted_post_id, "post.quote.create", post)
    return happenings


def _to_author_of(
    world: "World", post_id: int | None, event_type: str, post: Post
) -> list[Happening]:
    """What came of `post` for whoever wrote `post_id`, unless they are the same."""
    other = world.posts.get(post_id) if post_id else None
    if other is None or other.author_id == post.author_id:
        return []
    return [Happening(event_type, other.author_id, post.id)]


def of_deletion(post: Post) -> list[Happening]:
    """Only the author's own subscriptions hear of it."""
    return [Happening("post.delete", post.author_id, post.id)]
