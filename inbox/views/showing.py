"""What the thread and the side panel of one conversation show. A constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.access import role_on
from accounts.models import Role, User
from inbox.actions.replies import is_retryable
from inbox.desk import load_of
from inbox.forms import SnoozeChoice, snooze_choices
from inbox.models import Conversation, Message, Thread
from inbox.timeline import PAGE_SIZE, Timeline, timeline

MOST_SHOWN = 1000
POSTS_TO_ANSWER = 20
OTHERS = 8


@dataclass(frozen=True, slots=True)
class ReplyPath:
    """A thread that can be answered. `ordinal` tells two of one kind apart, `posts` the newest
    posts of the customer that a public reply may go under."""

    thread: Thread
    posts: list[Message]
    ordinal: str = ""


@dataclass(frozen=True, slots=True)
class Showing:
    conversation: Conversation
    timeline: Timeline
    shown: int
    paths: list[ReplyPath]
    default_thread_id: int | None
    may_assign: bool
    people: list[User]
    load: dict[int, int]
    others: list[Conversation]
    former_handles: list[str]
    posts: dict[str, Message] = field(default_factory=dict)
    snooze_choices: list[SnoozeChoice] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [item.row for item in self.timeline.items if isinstance(item.row, Message)]

    @property
    def retryable(self) -> list[Message]:
        return [message for message in self.messages if is_retryable(message)]

    @property
    def newest_id(self) -> int:
        """The last message that whoever looks at this page has seen."""
        return max((message.pk for message in self.messages), default=0)


def show(user: User, conversation: Conversation, *, shown: int = PAGE_SIZE) -> Showing:
    """Everything that the panes need, the newest `shown` messages of it."""
    lines = timeline(conversation, size=min(max(shown, PAGE_SIZE), MOST_SHOWN))
    messages = [item.row for item in lines.items if isinstance(item.row, Message)]
    paths = reply_paths(conversation)
    role = role_on(user, conversation.brand_id)
    people = colleagues(user, conversation) if role and role.includes(Role.MANAGER) else []
    return Showing(
        conversation=conversation,
        timeline=lines,
        shown=shown,
        paths=paths,
        default_thread_id=thread_to_answer(messages, paths),
        may_assign=bool(people),
        people=people,
        load=load_of(people, [conversation.brand]) if people else {},
        others=others(user, conversation),
        former_handles=former_handles(conversation),
        posts={message.external_id: message for message in messages if message.external_id},
        snooze_choices=snooze_choices(),
    )


def reply_paths(conversation: Conversation) -> list[ReplyPath]:
    threads = list(conversation.threads.all())
    posts = newest_posts(conversation)
    paths = []
    for thread in threads:
        alike = [other.pk for other in threads if other.kind == thread.kind]
        ordinal = str(alike.index(thread.pk) + 1) if len(alike) > 1 else ""
        of_thread = [post for post in posts if post.thread_id == thread.pk]
        paths.append(ReplyPath(thread, of_thread[:POSTS_TO_ANSWER], ordinal))
    return paths


def newest_posts(conversation: Conversation) -> list[Message]:
    posts = conversation.messages.incoming().filter(
        kind=Message.Kind.PUBLIC, deleted_at=None, external_id__isnull=False
    )
    return list(posts.order_by("-sequence")[: POSTS_TO_ANSWER * 2])


def thread_to_answer(messages: list[Message], paths: list[ReplyPath]) -> int | None:
    """The thread in which the customer wrote last, so that nobody answers a whisper aloud."""
    incoming = [message for message in messages if not message.is_ours]
    if incoming:
        return incoming[-1].thread_id
    return paths[-1].thread.pk if paths else None


def colleagues(user: User, conversation: Conversation) -> list[User]:
    people = User.objects.visible_to(user).filter(
        is_active=True, memberships__brand=conversation.brand_id
    )
    return list(people.order_by("name", "pk"))


def others(user: User, conversation: Conversation) -> list[Conversation]:
    """The person's other conversations, of the brands that `user` works on."""
    visible = Conversation.objects.visible_to(user).filter(contact=conversation.contact)
    rest = visible.exclude(pk=conversation.pk).select_related("brand")
    return list(rest.newest_first()[:OTHERS])


def former_handles(conversation: Conversation) -> list[str]:
    contact = conversation.contact
    seen = contact.handles.exclude(handle=contact.handle).values_list("handle", flat=True)
    return list(seen[:5])
