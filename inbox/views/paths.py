"""The ways in which somebody can be answered from a conversation, each a part of the composer."""

from __future__ import annotations

from dataclasses import dataclass, field

from inbox.channel import Reach, channel
from inbox.models import Conversation, Message, Thread
from inbox.reach import (
    Doubt,
    Ground,
    doubt_of_account,
    doubt_of_private,
    ground_for,
    opt_out_of,
    why_unanswerable,
)

POSTS_TO_ANSWER = 20


@dataclass(frozen=True, slots=True)
class ReplyPath:
    """One way to answer: a DM thread, or in public, under one of `posts` of whichever thread.

    `key` names it in the page (dm, dm-2, public), `posts` are the customer's newest.
    """

    key: str
    threads: list[Thread]
    posts: list[Message] = field(default_factory=list)
    # Why X takes no answer to some of the posts; why a reply on this path would come to nothing.
    unanswerable: dict[str, str] = field(default_factory=dict)
    doubt: Doubt | None = None
    # What speaks for a private message.
    ground: Ground = field(default_factory=Ground)

    @property
    def thread(self) -> Thread:
        return self.threads[-1]

    @property
    def is_public(self) -> bool:
        return self.thread.is_public

    @property
    def first_choice(self) -> Message | None:
        """The newest post to which X takes an answer, else the newest."""
        open_ones = [post for post in self.posts if post.external_id not in self.unanswerable]
        return next(iter(open_ones or self.posts), None)

    def holds(self, thread_id: int | None) -> bool:
        return any(thread.pk == thread_id for thread in self.threads)


def reply_paths(
    conversation: Conversation, messages: list[Message], reach: Reach
) -> list[ReplyPath]:
    """Each DM thread is a path of its own; public threads are one, whose posts say which."""
    threads = list(conversation.threads.with_beginnings())
    private = [thread for thread in threads if not thread.is_public]
    public = [thread for thread in threads if thread.is_public]
    newest = {message.thread_id: message for message in messages if not message.is_ours}
    forbidden = channel().can_message(conversation.brand_id, conversation.contact_id)
    opt_out, ground = opt_out_of(conversation), ground_for(conversation, reach)
    paths = [
        ReplyPath(
            "dm" if number == 1 else f"dm-{number}",
            [thread],
            doubt=doubt_of_private(
                conversation, newest.get(thread.pk), forbidden, opt_out, reach, ground
            ),
            ground=ground,
        )
        for number, thread in enumerate(private, start=1)
    ]
    return [*paths, public_path(conversation, public, reach)] if public else paths


def public_path(conversation: Conversation, threads: list[Thread], reach: Reach) -> ReplyPath:
    """Doubtful when its author is gone, or X takes no answer to any of the posts."""
    posts = newest_posts(conversation)
    wrote_at = posts[0].sent_at if posts else None
    why = why_unanswerable(conversation, [str(post.external_id) for post in posts])
    reasons = [why.get(str(post.external_id), "") for post in posts]
    shut = Doubt(reasons[0]) if posts and all(reasons) else None
    doubt = doubt_of_account(conversation, reach, wrote_at) or shut
    return ReplyPath("public", threads, posts, unanswerable=why, doubt=doubt)


def newest_posts(conversation: Conversation) -> list[Message]:
    posts = conversation.messages.incoming().filter(
        kind=Message.Kind.PUBLIC, deleted_at=None, external_id__isnull=False
    )
    return list(posts.order_by("-sequence")[:POSTS_TO_ANSWER])


def path_to_answer(messages: list[Message], paths: list[ReplyPath]) -> str:
    """The path on which the customer wrote last, so that nobody answers a whisper aloud."""
    incoming = [message for message in messages if not message.is_ours]
    last = incoming[-1].thread_id if incoming else None
    found = [path.key for path in paths if path.holds(last)]
    return (found or [path.key for path in paths] or ["note"])[0]
