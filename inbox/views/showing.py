"""What the thread and the side panel of one conversation show. A constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, Q

from accounts.access import role_on
from accounts.models import BrandAccount, Role, User
from inbox.actions.deleting import is_deletable
from inbox.actions.hiding import beginners, why_not
from inbox.actions.inviting import newest_handoff
from inbox.actions.retrying import is_retryable
from inbox.channel import channel
from inbox.desk import load_of
from inbox.forms import SnoozeChoice, snooze_choices
from inbox.line import Standing, standings
from inbox.media.sendable import largest_of_all, limits
from inbox.models import (
    Attachment,
    ChainPart,
    Conversation,
    Deletion,
    DmBlock,
    Enclosure,
    Handoff,
    Hiding,
    Link,
    Merge,
    Message,
    SavedReply,
)
from inbox.models.attachment import first_to_upload
from inbox.reach import is_left_alone
from inbox.text.greeting import greeting
from inbox.timeline import PAGE_SIZE, Timeline, timeline
from inbox.views.drafts import drafts_of
from inbox.views.offers import Offer, offer_of
from inbox.views.paths import ReplyPath, path_to_answer, reply_paths

MOST_SHOWN = 1000
OTHERS = 8


@dataclass(frozen=True, slots=True)
class Showing:
    conversation: Conversation
    timeline: Timeline
    shown: int
    paths: list[ReplyPath]
    default_path: str
    may_assign: bool
    people: list[User]
    load: dict[int, int]
    others: list[Conversation]
    former_handles: list[str]
    # What is wanted of X about the person and about the messages shown, by the message's key.
    block: DmBlock | None = None
    # What was made one with it, and where it went itself.
    merges: list[Merge] = field(default_factory=list)
    # What belongs together with it, by somebody's word.
    links: list[Link] = field(default_factory=list)
    # The newest way from public to private, and what the next step of it in public would be.
    handoff: Handoff | None = None
    offer: Offer | None = None
    may_block: bool = False
    may_write_saved_replies: bool = False
    # They asked not to be written to, and have not written privately since.
    is_left_alone: bool = False
    hidings: dict[int, Hiding] = field(default_factory=dict)
    deletions: dict[int, Deletion] = field(default_factory=dict)
    # What the messages shown are of a chain, by their keys.
    parts: dict[int, ChainPart] = field(default_factory=dict)
    # Answers of others in public, and why X would not hide one: "" when it would.
    hideable: dict[int, str] = field(default_factory=dict)
    # Whether X should be asked, while somebody may write, if the person can be written to.
    is_reach_to_be_asked: bool = False
    posts: dict[str, Message] = field(default_factory=dict)
    # What whoever looks at this page has typed and not sent, by the mode of the composer.
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Where replies stand that wait to be sent, by their keys.
    line: dict[int, Standing] = field(default_factory=dict)
    enclosures: list[Enclosure] = field(default_factory=list)
    snooze_choices: list[SnoozeChoice] = field(default_factory=list)
    # What the team of the handle says often.
    saved_replies: list[SavedReply] = field(default_factory=list)
    # What "Greet" writes for the person who looks at this page.
    greeting: str = ""
    # The last message that whoever looks at this page has seen, or could have.
    newest_id: int = 0

    @property
    def messages(self) -> list[Message]:
        return [item.row for item in self.timeline.items if isinstance(item.row, Message)]

    @property
    def retryable(self) -> list[Message]:
        return [message for message in self.messages if is_retryable(message)]

    def may_delete(self, message: Message) -> bool:
        asked = self.deletions.get(message.pk)
        is_free = asked is None or asked.is_refused
        return is_free and is_deletable(message) and can_answer(self.conversation)

    def to_upload(self, message: Message) -> Attachment | None:
        """The file of a waiting message that X has not yet."""
        is_queued = message.state == Message.State.QUEUED
        return first_to_upload(message.attachments.all()) if is_queued else None

    def may_retry(self, message: Message) -> bool:
        """One that X refused: while something can be sent at all, and what it answers is there."""
        answered = self.posts.get(message.answers_external_id or "")
        is_gone = answered is not None and answered.deleted_at is not None
        return can_answer(self.conversation) and not is_gone

    def enclosed(self, path: ReplyPath) -> list[Enclosure]:
        """What the person has chosen for a reply on this path."""
        return [one for one in self.enclosures if path.holds(one.thread_id)]

    def path_of(self, message: Message) -> ReplyPath | None:
        return next((path for path in self.paths if path.holds(message.thread_id)), None)

    def key_of(self, message: Message) -> str:
        """The part of the composer that a reply is of, also where nobody is answered now."""
        path = self.path_of(message)
        return path.key if path else "public" if message.thread.is_public else "dm"

    def has_form(self, path: ReplyPath) -> bool:
        """Nothing is written to somebody who is blocked, or where it would surely reach nobody."""
        is_shut = path.doubt is not None and path.doubt.is_certain
        return not is_shut and (path.is_public or not self.is_blocked)

    def may_edit(self, message: Message) -> bool:
        """One that X refused: while there is a form into which its words can go."""
        path = self.path_of(message)
        return path is not None and self.has_form(path)

    @property
    def largest_file(self) -> int:
        return largest_of_all()

    @property
    def file_limits(self) -> str:
        return limits()

    @property
    def merged_into(self) -> Merge | None:
        gone = (one for one in self.merges if one.source_id == self.conversation.pk)
        return next(gone, None)

    @property
    def merged_from(self) -> list[Merge]:
        return [one for one in self.merges if one.target_id == self.conversation.pk]

    def may_merge_into(self, other: Conversation) -> bool:
        """The person's other conversations with the same handle, but those that went elsewhere."""
        is_alike = other.brand_id == self.conversation.brand_id and not other.is_spam
        is_gone = self.merged_into is not None or other.message_count == 0
        return is_alike and not is_gone and not self.conversation.is_spam

    @property
    def may_split(self) -> bool:
        return sum(len(path.threads) for path in self.paths) > 1

    @property
    def is_blocked(self) -> bool:
        return self.block is not None and self.block.is_in_force


def show(user: User, conversation: Conversation, *, shown: int = PAGE_SIZE) -> Showing:
    """Everything that the panes need, the newest `shown` messages of it."""
    # Asked first: what arrives while the page is made counts as unseen.
    newest_id = conversation.messages.aggregate(last=Max("id"))["last"] or 0
    lines = timeline(conversation, size=min(max(shown, PAGE_SIZE), MOST_SHOWN))
    messages = [item.row for item in lines.items if isinstance(item.row, Message)]
    reach = channel().reach(conversation.brand_id, conversation.contact_id)
    paths = reply_paths(conversation, messages, reach) if can_answer(conversation) else []
    role = role_on(user, conversation.brand_id)
    is_manager = role is not None and role.includes(Role.MANAGER)
    block, handoff = block_of(user, conversation), newest_handoff(conversation)
    people = colleagues(user, conversation) if is_manager else []
    return Showing(
        conversation=conversation,
        timeline=lines,
        shown=shown,
        paths=paths,
        default_path=path_to_answer(messages, paths),
        may_assign=bool(people),
        people=people,
        load=load_of(people, [conversation.brand]) if people else {},
        others=others(user, conversation),
        former_handles=former_handles(conversation),
        block=block,
        merges=merges_of(user, conversation),
        links=links_of(user, conversation),
        handoff=handoff,
        offer=offer_of(conversation, paths, block, handoff),
        may_block=is_manager,
        may_write_saved_replies=is_manager,
        is_left_alone=is_left_alone(conversation),
        hidings=hidings_of(user, messages),
        deletions={one.pk: one.deletion for one in messages if hasattr(one, "deletion")},
        parts={one.pk: one.part for one in messages if hasattr(one, "part")},
        hideable=hideable(messages),
        is_reach_to_be_asked=reach.is_to_be_asked and bool(paths),
        posts=by_every_id(messages),
        drafts=drafts_of(user, conversation),
        line=standings(conversation, messages),
        enclosures=enclosures_of(user, conversation) if paths else [],
        snooze_choices=snooze_choices(),
        saved_replies=saved_replies_of(user, conversation) if paths else [],
        greeting=greeting_of(user, conversation),
        newest_id=newest_id,
    )


def enclosures_of(user: User, conversation: Conversation) -> list[Enclosure]:
    own = Enclosure.objects.visible_to(user).whole().filter(thread__conversation=conversation)
    return list(own.prefetch_related("files"))


def can_answer(conversation: Conversation) -> bool:
    """A disconnected handle says nothing any more; one that is paused keeps its replies."""
    return conversation.brand.status != BrandAccount.Status.DISCONNECTED


def greeting_of(user: User, conversation: Conversation) -> str:
    brand = conversation.brand
    team = brand.greeting_name or brand.name
    return greeting(conversation.contact.name, user.get_short_name(), team)


def by_every_id(messages: list[Message]) -> dict[str, Message]:
    """Also by the ids that messages had before they were changed."""
    former = {row.external_id: message for message in messages for row in message.revisions.all()}
    return former | {message.external_id: message for message in messages if message.external_id}


def colleagues(user: User, conversation: Conversation) -> list[User]:
    people = User.objects.visible_to(user).filter(
        is_active=True, memberships__brand=conversation.brand_id
    )
    return list(people.order_by("name", "pk"))


def block_of(user: User, conversation: Conversation) -> DmBlock | None:
    blocks = DmBlock.objects.visible_to(user).select_related("asked_by")
    return blocks.filter(brand=conversation.brand_id, contact=conversation.contact_id).first()


def hidings_of(user: User, messages: list[Message]) -> dict[int, Hiding]:
    hidings = Hiding.objects.visible_to(user).filter(message__in=messages)
    return {one.message_id: one for one in hidings}


def hideable(messages: list[Message]) -> dict[int, str]:
    answers = [
        message
        for message in messages
        if message.kind == Message.Kind.PUBLIC
        and not message.is_ours
        and message.deleted_at is None
        and message.answers_external_id
    ]
    begun_by = beginners(answers)
    return {message.pk: why_not(message, begun_by) for message in answers}


def others(user: User, conversation: Conversation) -> list[Conversation]:
    """The person's other conversations, of the brands that `user` works on."""
    visible = Conversation.objects.visible_to(user).filter(contact=conversation.contact)
    rest = visible.exclude(pk=conversation.pk).select_related("brand")
    return list(rest.newest_first()[:OTHERS])


def merges_of(user: User, conversation: Conversation) -> list[Merge]:
    standing = Merge.objects.visible_to(user).standing().select_related("made_by")
    return list(standing.filter(Q(source=conversation) | Q(target=conversation)).order_by("pk"))


def saved_replies_of(user: User, conversation: Conversation) -> list[SavedReply]:
    return list(SavedReply.objects.visible_to(user).filter(brand=conversation.brand_id))


def links_of(user: User, conversation: Conversation) -> list[Link]:
    links = (
        Link.objects.visible_to(user)
        .of(conversation)
        .select_related("lower__contact", "higher__contact", "made_by")
    )
    return list(links.order_by("pk"))


def former_handles(conversation: Conversation) -> list[str]:
    contact = conversation.contact
    seen = contact.handles.exclude(handle=contact.handle).values_list("handle", flat=True)
    return list(seen[:5])
