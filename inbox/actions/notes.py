"""Remarks for colleagues."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from inbox.actions.drafts import check_says, drop_draft
from inbox.actions.recording import keep, locked_for_work, record
from inbox.models import Conversation, ConversationEvent, Note
from inbox.text.plain import storable

NOTE_LIMIT = 10_000


class EmptyNote(Exception):
    """A note needs words."""


class NoteTooLong(Exception):
    """A note has at most NOTE_LIMIT characters."""


@transaction.atomic
def add_note(
    conversation: Conversation,
    *,
    text: str,
    by: User,
    client_key: UUID,
    since: int = 0,
    unheard: str = "",
) -> Note:
    """Adds a remark that only the brand's people see. The same `client_key` twice is one note.
    `since` and `unheard` tell which draft the page had (`inbox.actions.drafts`).

    Raises EmptyNote, NoteTooLong, and AlreadySent for other words.
    """
    require_role(by, conversation.brand_id, Role.AGENT)
    words = storable(text).strip()
    if not words:
        raise EmptyNote("Write something before you add the note.")
    if len(words) > NOTE_LIMIT:
        raise NoteTooLong(f"A note has at most {NOTE_LIMIT:,} characters; this has {len(words):,}.")
    current = locked_for_work(conversation)
    note, is_new = Note.objects.get_or_create(
        client_key=client_key, conversation=current, author=by, defaults={"text": words}
    )
    if is_new:
        drop_draft(note, client_key, by=by, since=since, unheard=unheard)
        keep(current, what="note")
        record(current, ConversationEvent.Kind.NOTED, by=by, after={"note": note.pk})
    else:
        check_says(note, words)
    return note
