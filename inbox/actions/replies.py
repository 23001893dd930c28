"""An agent answers: a reply is always to a thread, and is queued before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from accounts import clock
from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import BrandAccount, Role, User
from inbox.actions.answering import SUMMARY, summarise
from inbox.actions.assignment import hand_over
from inbox.actions.blocking import is_blocked
from inbox.actions.chaining import key_of, link_parts, whole_of
from inbox.actions.drafts import check_says, drop_draft
from inbox.actions.enclosing import attach, chosen_for
from inbox.actions.recording import keep, locked_around, record
from inbox.actions.saved_replies import remember_use
from inbox.guards.candidate import Candidate, Despite, Stopped
from inbox.guards.checking import check
from inbox.models import Conversation, ConversationEvent, Enclosure, Message, Thread
from inbox.sequence import sequence_at
from inbox.text.chain import MOST_POSTS, Part, TooLongToCut, parts_of
from inbox.text.plain import escaped, writable
from inbox.text.typed import mark_of
from inbox.text.weight import DM_LIMIT, POST_LIMIT, reply_weight

TOO_LONG_FOR_A_CHAIN = (
    f"{MOST_POSTS} posts can’t hold it: shorten it, or answer twice. What you typed is kept."
)


class EmptyReply(Exception):
    """A reply needs words."""

    def __init__(self, way_out: str = "Write something before you send.") -> None:
        super().__init__(way_out)


class ReplyTooLong(Exception):
    def __init__(self, weight: int, limit: int, way_out: str = "Shorten it, then send.") -> None:
        self.weight, self.limit = weight, limit
        super().__init__(f"This is {weight:,} of {limit:,} characters. {way_out}")


class OtherNumberOfPosts(Exception):
    """It would be several posts, and whoever sent it was not shown so many."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"This is {number} posts. Nothing was sent yet: look at them, then post.")


class NothingToAnswer(Exception):
    """A public reply answers a post of the thread; there is none such."""


class PersonBlocked(Exception):
    """The person is blocked for direct messages: X would carry nothing to them."""

    def __init__(self) -> None:
        super().__init__(
            "This person is blocked for direct messages. Unblock them to write; nothing was sent."
        )


class HandleDisconnected(Exception):
    """The handle was disconnected: nothing can be sent as it."""

    def __init__(self, brand: BrandAccount) -> None:
        super().__init__(f"{brand} is disconnected. Nothing can be sent until it is reconnected.")


class ThreadMoved(Exception):
    """The thread became part of another while the agent was typing."""

    def __init__(self) -> None:
        super().__init__("This thread was merged into another. Nothing was sent; go on there.")


@dataclass(frozen=True, slots=True)
class Said:
    """`text` as the agent typed it, to be sent once: the same `client_key` is one message.

    `answering` is the external id of the post that a public reply goes under; without it the
    newest post of the customer. `seen_through` is the id of the last message that the agent saw.
    `despite` says, by the name of a guard, why its word is not heeded; that is kept in history.
    A public text too long for one post is a chain of `posts`, so many as the agent was shown
    (`inbox.actions.chaining`). `enclosed` has the ids of files that they chose for it, and what is
    to be seen on each. `saved_reply` is the key of the one that it was begun with.
    `since` and `unheard` tell which draft the page had (`inbox.actions.drafts`).
    """

    text: str
    client_key: UUID
    answering: str | None = None
    seen_through: int | None = None
    despite: Mapping[str, Despite] = field(default_factory=dict)
    posts: int = 1
    enclosed: Mapping[int, str] = field(default_factory=dict)
    saved_reply: int | None = None
    since: int = 0
    unheard: str = ""

    @property
    def words(self) -> str:
        return writable(self.text)


@transaction.atomic
def reply(thread: Thread, said: Said, *, by: User, tail: str = "") -> Message:
    """Queues it for the thread, with `tail` below the words. Of a chain, the first is returned.

    The brand may let it wait for second thoughts: `not_before`. Raises EmptyReply, ReplyTooLong,
    OtherNumberOfPosts, AlreadySent, HandleDisconnected, PersonBlocked, NothingToAnswer,
    ThreadMoved, EnclosureGone, TooManyFiles, and what the guards raise (`inbox.guards`): Stopped.
    """
    require_role(by, thread.brand_id, Role.AGENT)
    parts = parts_to_send(thread, said.words, tail, has_files=bool(said.enclosed))
    conversation = home_of(thread)
    again = Message.objects.filter(client_key=said.client_key, author=by).first()
    if again is not None:
        check_says(again, said.words)
        return again
    if len(parts) not in (1, said.posts):
        raise OtherNumberOfPosts(len(parts))
    check_connected(conversation.brand)
    check_not_blocked(thread, conversation)
    answers = post_to_answer(thread, said.answering)
    files = chosen_for(thread, conversation, by=by, described_as=said.enclosed)
    overruled = check(
        Candidate(
            thread,
            conversation,
            by,
            Part(said.words, tail=tail).text,
            answers,
            said.seen_through,
            despite=said.despite,
            posts=tuple(part.text for part in parts),
            alt_texts=[file.alt_text for file in files],
        )
    )
    message = queue(thread, conversation, by, parts, said, answers, files)
    follow_up(message, said, overruled, by=by)
    return message


def parts_to_send(
    thread: Thread, words: str, tail: str = "", *, has_files: bool = False
) -> list[Part]:
    """What goes out one after the other: of a private message always one. A file needs no words."""
    if not words and has_files:
        return [Part(words, tail=tail)]
    if not thread.is_public:
        check_length(thread, words)
        return [Part(words)]
    if not words:
        raise EmptyReply
    try:
        return parts_of(words, tail=tail)
    except TooLongToCut as too_long:
        weight = reply_weight(Part(words, tail=tail).text)
        raise ReplyTooLong(weight, POST_LIMIT, TOO_LONG_FOR_A_CHAIN) from too_long


def check_length(thread: Thread, words: str, *, has_files: bool = False) -> None:
    if not words and not has_files:
        raise EmptyReply
    weight, limit = (
        (reply_weight(words), POST_LIMIT) if thread.is_public else (len(words), DM_LIMIT)
    )
    if weight > limit:
        raise ReplyTooLong(weight, limit)


def home_of(thread: Thread) -> Conversation:
    """Wherever the thread is by now: the reply goes with it."""
    try:
        return locked_around(thread)
    except Thread.DoesNotExist as gone:
        raise ThreadMoved from gone


def check_connected(brand: BrandAccount) -> None:
    """A handle that is paused or must be reconnected takes replies: they wait (trust R10)."""
    if brand.status == BrandAccount.Status.DISCONNECTED:
        raise HandleDisconnected(brand)


def check_not_blocked(thread: Thread, conversation: Conversation) -> None:
    if not thread.is_public and is_blocked(conversation.brand_id, conversation.contact_id):
        raise PersonBlocked


def post_to_answer(thread: Thread, answering: str | None) -> str | None:
    """The external id of the post that a public reply goes under; None in a DM thread."""
    if not thread.is_public:
        return None
    posts = thread.messages.filter(external_id__isnull=False, deleted_at=None)
    if answering:
        post = posts.known_as(answering).first()
    else:
        post = posts.incoming().order_by("-sequence").first()
    if post is None:
        raise NothingToAnswer("That post is not here any more. Choose another one to answer.")
    return post.external_id


def queue(
    thread: Thread,
    conversation: Conversation,
    by: User,
    parts: list[Part],
    said: Said,
    answers: str | None,
    files: Sequence[Enclosure],
) -> Message:
    """Returns the first of the messages; each of the others answers the one before it, whose id
    is not known yet."""
    now, wait = clock.now(), undo_seconds(thread, conversation.brand)
    messages = [
        Message.objects.create(
            brand_id=thread.brand_id,
            conversation=conversation,
            thread=thread,
            kind=thread.kind,
            transport=Message.Transport.POST if thread.is_public else Message.Transport.DM,
            direction=Message.Direction.OUT,
            state=Message.State.QUEUED,
            answers_external_id=answers if part.number == 1 else None,
            sequence=sequence_at(now) + part.number - 1,
            text=escaped(part.text),
            sent_at=now,
            author=by,
            client_key=key_of(said.client_key, part),
            typed=mark_of(said.words) if part.number == 1 else "",
            not_before=now + timedelta(seconds=wait),
        )
        for part in parts
    ]
    link_parts(messages, parts)
    attach(messages[0], files)
    refresh(conversation)
    ring("twitter_sync.send", queue="send", after=wait, conversation_id=conversation.pk)
    return messages[0]


def undo_seconds(thread: Thread, brand: BrandAccount) -> int:
    return brand.public_undo_seconds if thread.is_public else brand.dm_undo_seconds


def refresh(conversation: Conversation) -> None:
    summarise(conversation)
    keep(conversation, *SUMMARY, what="send")


def follow_up(message: Message, said: Said, overruled: Iterable[Stopped], *, by: User) -> None:
    """What a reply means for its draft, its conversation and the history of both."""
    conversation = message.conversation
    if said.saved_reply is not None:
        remember_use(whole_of(message), said.saved_reply)
    drop_draft(message, said.client_key, by=by, since=said.since, unheard=said.unheard)
    if conversation.assignee_id is None and conversation.brand.claims_on_reply:
        hand_over(conversation, to=by, by=by)
    record(conversation, ConversationEvent.Kind.REPLIED, by=by, message=message)
    for stopped in overruled:
        keep_reason(message, stopped, said.despite[stopped.guard], by=by)


def keep_reason(message: Message, stopped: Stopped, despite: Despite, *, by: User) -> None:
    record(
        message.conversation,
        ConversationEvent.Kind.OVERRULED,
        by=by,
        message=message,
        after={
            "guard": stopped.guard,
            "reason": despite.why.strip() if stopped.asks_why else "",
            **stopped.recorded(),
        },
    )
