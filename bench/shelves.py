"""What the product would have written of an invented conversation: its rows, table by table."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from bench import talk
from bench.copying import Sheet
from bench.invention import Inventor
from bench.stories import Story, Utterance
from inbox.actions.answering import PREVIEW_LENGTH
from inbox.models import (
    Assignment,
    Attachment,
    Contact,
    ContactHandle,
    Conversation,
    ConversationEvent,
    Message,
    Note,
    Thread,
)
from inbox.models.conversation import CODE_LETTERS
from inbox.text.render import as_read
from twitter_sync.models import KnownPost

ARRIVES_AFTER, TAKEN_AFTER, RESOLVED_AFTER = (timedelta(seconds=s) for s in (2, 40, 600))


class Shelves:
    """One sheet for each table, in the order in which they must be filled."""

    def __init__(self, inventor: Inventor, until: datetime) -> None:
        self._random, self._until = inventor.random, until
        self._notes = count(1)
        self.contacts = Sheet(
            Contact, "id", "x_user_id", "handle", "name", "followers", "first_seen_at",
            "profile_as_of",
        )  # fmt: skip
        self.handles = Sheet(ContactHandle, "contact_id", "handle", "first_seen_at")
        self.conversations = Sheet(
            Conversation, "id", "brand_id", "contact_id", "status", "is_spam", "assignee_id",
            "follows_id", "reference_code", "unanswered_since", "last_activity_at",
            "snoozed_until", "resolved_at", "resolved_through", "created_at", "changed_at",
            "version", "message_count", "preview", "preview_is_ours", "has_dm", "has_public",
        )  # fmt: skip
        self.threads = Sheet(
            Thread, "id", "conversation_id", "brand_id", "kind", "x_conversation_id", "created_at"
        )
        self.messages = Sheet(
            Message, "id", "brand_id", "conversation_id", "thread_id", "kind", "transport",
            "direction", "state", "external_id", "answers_external_id", "sequence", "text",
            "entities", "sent_at", "received_at", "deleted_at", "author_id", "client_key",
            "not_before",
        )  # fmt: skip
        self.attachments = Sheet(Attachment, "message_id", "kind", "media_key", "alt_text")
        self.notes = Sheet(
            Note, "id", "conversation_id", "author_id", "text", "client_key", "created_at"
        )
        self.assignments = Sheet(
            Assignment, "conversation_id", "assignee_id", "assigned_by_id", "started_at"
        )
        self.events = Sheet(
            ConversationEvent, "conversation_id", "kind", "actor_id", "subject_id", "message_id",
            "before", "after", "created_at",
        )  # fmt: skip
        self.posts = Sheet(
            KnownPost, "post_id", "availability", "author_id", "author_handle", "author_name",
            "parent_id", "x_conversation_id", "text", "entities", "posted_at", "seen_at",
        )  # fmt: skip

    def sheets(self) -> list[Sheet]:
        return [sheet for sheet in vars(self).values() if isinstance(sheet, Sheet)]

    def numbered(self) -> list[Sheet]:
        """Those whose ids we gave."""
        return [self.contacts, self.conversations, self.threads, self.messages, self.notes]

    def put(self, story: Story) -> None:
        if story.customer.is_new:
            self._put_contact(story)
        events = self._put_messages(story) + self._put_deeds(story)
        self._put_conversation(story, events)

    def _put_contact(self, story: Story) -> None:
        pk, one = story.customer.pk, story.customer.on_x
        followers = int(self._random.paretovariate(0.9) * 20)
        at = story.began_at
        self.contacts.add(pk, one.x_user_id, one.handle, one.name, followers, at, at)
        self.handles.add(pk, one.handle, at)

    def _put_conversation(self, story: Story, changes: int) -> None:
        last, resolved = story.last, story.status == "resolved"
        words = " ".join(as_read(last.text.words, last.text.entities).split())
        kinds = {path.kind for path in story.paths}
        snoozed_until = self._until + timedelta(hours=self._random.randrange(1, 100))
        self.conversations.add(
            story.pk,
            story.brand.pk,
            story.customer.pk,
            story.status,
            story.is_spam,
            story.holder,
            story.follows,
            "".join(self._random.choices(CODE_LETTERS, k=8)),
            unanswered_since(story),
            last.at,
            snoozed_until if story.status == "snoozed" else None,
            resolved_at(story) if resolved else None,
            last.pk if resolved else None,
            story.began_at + ARRIVES_AFTER,
            resolved_at(story) if resolved else last.at + ARRIVES_AFTER,
            changes,
            len(story.utterances),
            words if len(words) <= PREVIEW_LENGTH else words[: PREVIEW_LENGTH - 1] + "…",
            last.is_ours,
            "dm" in kinds,
            "public" in kinds,
        )
        for path in story.paths:
            self.threads.add(
                path.pk, story.pk, story.brand.pk, path.kind, path.x_id, story.began_at
            )

    # What was said

    def _put_messages(self, story: Story) -> int:
        self._event(story, "opened", story.began_at + ARRIVES_AFTER, message=story.utterances[0].pk)
        for one in story.utterances:
            self._put_message(story, one)
            if one.path.kind == "public":
                self._put_post(story, one)
            if one.is_ours:
                self._put_reply(story, one)
        return len(story.utterances)

    def _put_message(self, story: Story, one: Utterance) -> None:
        public, written = one.path.kind == "public", one.author is not None
        self.messages.add(
            one.pk,
            story.brand.pk,
            story.pk,
            one.path.pk,
            one.path.kind,
            "post" if public else "dm",
            "out" if one.is_ours else "in",
            "sent" if one.is_ours else "received",
            one.x_id,
            one.answers,
            one.sequence,
            "" if one.is_deleted else one.text.words,
            {} if one.is_deleted else one.text.entities,
            one.at,
            one.at + ARRIVES_AFTER,
            one.at + TAKEN_AFTER if one.is_deleted else None,
            one.author,
            UUID(int=self._random.getrandbits(128)) if written else None,
            one.at if written else None,
        )
        if one.is_deleted:
            self._event(story, "message_deleted", one.at + TAKEN_AFTER, message=one.pk)
        elif not one.is_ours and self._random.random() < 0.03:
            self.attachments.add(one.pk, "photo", f"3_{one.x_id}", "")

    def _put_reply(self, story: Story, one: Utterance) -> None:
        if one.author is not None:
            self._event(story, "replied", one.at, by=one.author, message=one.pk)
        self._event(story, "sent", one.at + ARRIVES_AFTER, by=one.author, message=one.pk)

    def _put_post(self, story: Story, one: Utterance) -> None:
        author = story.brand.on_x if one.is_ours else story.customer.on_x
        self.posts.add(
            one.x_id,
            "deleted" if one.is_deleted else "seen",
            author.x_user_id,
            author.handle,
            author.name,
            one.answers or "",
            one.path.x_id,
            "" if one.is_deleted else one.text.words,
            {} if one.is_deleted else one.text.entities,
            one.at,
            one.at + ARRIVES_AFTER,
        )

    # What people did

    def _put_deeds(self, story: Story) -> int:
        """Returns how many changes of the conversation these were."""
        holder = story.holder
        if holder is None and story.status == "resolved":
            holder = story.brand.agents[0]
        if holder is None:
            return 0
        if story.holder is not None:
            self._put_claim(story, story.holder)
        noted = self._random.random() < 0.08
        if noted:
            self._put_note(story, holder)
        if story.status in ("resolved", "snoozed"):
            before, after = {"status": "open"}, {"status": story.status}
            self._event(
                story, story.status, resolved_at(story), by=holder, before=before, after=after
            )
        return 1 + noted + (story.status in ("resolved", "snoozed"))

    def _put_claim(self, story: Story, holder: int) -> None:
        at = story.began_at + TAKEN_AFTER
        self.assignments.add(story.pk, holder, holder, at)
        before, after = {"assignee": None}, {"assignee": holder}
        self._event(story, "assigned", at, by=holder, subject=holder, before=before, after=after)

    def _put_note(self, story: Story, author: int) -> None:
        pk, at = next(self._notes), story.last.at + TAKEN_AFTER
        key = UUID(int=self._random.getrandbits(128))
        self.notes.add(pk, story.pk, author, self._random.choice(talk.NOTED), key, at)
        self._event(story, "noted", at, by=author, after={"note": pk})

    def _event(
        self,
        story: Story,
        kind: str,
        at: datetime,
        *,
        by: int | None = None,
        subject: int | None = None,
        message: int | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        self.events.add(story.pk, kind, by, subject, message, before or {}, after or {}, at)


def unanswered_since(story: Story) -> datetime | None:
    """When the customer began to wait: after our last answer, unless it is resolved."""
    if story.status == "resolved":
        return None
    since = None
    for one in reversed(story.utterances):
        if one.is_ours:
            break
        since = one.at
    return since


def resolved_at(story: Story) -> datetime:
    return story.last.at + RESOLVED_AFTER
