"""Changing the words of a reply that waits to be sent. It keeps its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from accounts import clock
from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.inviting import with_link
from inbox.actions.recording import locked_around, record
from inbox.actions.replies import check_length, keep_reason, refresh, undo_seconds
from inbox.actions.taking_back import TooLate
from inbox.guards.candidate import Candidate, Despite
from inbox.guards.checking import check
from inbox.models import ConversationEvent, Message
from inbox.text.plain import escaped, writable


class MayBeOnX(Exception):
    """It was handed over before, and X did not say whether it took it: its echo is known by its
    words."""

    def __init__(self) -> None:
        super().__init__(
            "X may have this message already, as it was. Take it back, then write another."
        )


class PartOfChain(Exception):
    """One of several posts: other words would have to be cut anew."""

    def __init__(self) -> None:
        super().__init__("This is one of several posts. Take them back, then write them anew.")


@transaction.atomic
def reword(
    message: Message, *, by: User, text: str, despite: Mapping[str, Despite] | None = None
) -> Message:
    """New words give it the handle's time for second thoughts again. The guards look at them as at
    a new reply's, whatever was overruled for the old ones; an invitation keeps its link.

    Raises EmptyReply, ReplyTooLong, TooLate, MayBeOnX, PartOfChain, and what the guards raise:
    Stopped.
    """
    require_role(by, message.brand_id, Role.AGENT)
    words = with_link(writable(text), message)
    files = list(message.attachments.all())
    check_length(message.thread, words, has_files=bool(files))
    conversation = locked_around(message)
    message.refresh_from_db()
    if message.state != Message.State.QUEUED:
        raise TooLate(message)
    if message.text == escaped(words):
        return message
    if message.uncertain_since is not None:
        raise MayBeOnX
    if hasattr(message, "part"):
        raise PartOfChain
    alt_texts = [file.alt_text for file in files]
    despite, answers = despite or {}, message.answers_external_id
    overruled = check(
        Candidate(
            message.thread,
            conversation,
            by,
            words,
            answers,
            in_place_of=message,
            despite=despite,
            alt_texts=alt_texts,
        )
    )
    wait = undo_seconds(message.thread, conversation.brand)
    again = clock.now() + timedelta(seconds=wait)
    message.text, message.entities = escaped(words), {}
    message.not_before = max(again, message.not_before or again)
    message.save(update_fields=["text", "entities", "not_before"])
    refresh(conversation)
    record(conversation, ConversationEvent.Kind.REWORDED, by=by, message=message)
    for stopped in overruled:
        keep_reason(message, stopped, despite[stopped.guard], by=by)
    ring("twitter_sync.send", queue="send", after=wait, conversation_id=conversation.pk)
    return message
