"""Keeping what somebody types until they send it."""

from __future__ import annotations

from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction

from accounts.access import require_role
from accounts.models import Role, User
from inbox.actions.chaining import as_typed, whole_of
from inbox.actions.recording import locked_for_work
from inbox.live import announce_draft_gone
from inbox.models import Conversation, Draft, Merge, Message, Note
from inbox.text.plain import escaped, storable, writable
from inbox.text.sameness import folded
from inbox.text.typed import rest_after, rest_behind

DRAFT_LIMIT = 20_000

log = structlog.get_logger(__name__)


class DraftTooLong(Exception):
    """Nothing of more than DRAFT_LIMIT characters could be sent anyhow."""

    def __init__(self) -> None:
        super().__init__(
            f"More than {DRAFT_LIMIT:,} characters are kept in this browser alone. Shorten it."
        )


class AlreadySent(Exception):
    """The key is that of a message or a note; `rest` is what these words say besides. `differs`:
    they don't go on from what was sent, and `rest` is all of them."""

    def __init__(self, rest: str, *, differs: bool = False) -> None:
        self.rest, self.differs = rest, differs
        since = "Other words than these were" if differs else "This was"
        super().__init__(f"{since} sent already. What you wrote since is a draft of its own.")


class ChangedElsewhere(Exception):
    """Its author went on with it on another page; None: they emptied or sent it there."""

    def __init__(self, kept: Draft | None) -> None:
        self.draft = kept if kept and kept.text else None
        self.version = kept.version if kept else 0
        super().__init__("This draft was changed elsewhere.")


@transaction.atomic
def save_draft(
    conversation: Conversation,
    *,
    by: User,
    mode: str,
    text: str,
    client_key: UUID,
    since: int = 0,
    unheard: str = "",
    answering: str = "",
    seen_through: int | None = None,
) -> Draft | None:
    """Keeps `text` in place of the version `since` (0: of nothing), of what it goes on from, or of
    the words that its page sent before and is `unheard` whether they were kept. An empty one is
    gone; its row stays, so that no save that was begun earlier brings it back. Nobody else hears of
    it, and its author's other pages do once it is gone. Twice is once.

    The conversation's lock comes before the key's, as in `reply` and `add_note`: a save that comes
    late finds what they made. Raises DraftTooLong, AlreadySent, ChangedElsewhere, MergedAway.
    """
    require_role(by, conversation.brand_id, Role.AGENT)
    if len(text) > DRAFT_LIMIT:
        raise DraftTooLong
    current = locked_for_work(survivor_of(conversation))
    fresh = Draft(
        conversation=current,
        author=by,
        mode=mode,
        text=storable(text),
        client_key=client_key,
        answering=answering,
        seen_through=seen_through,
    )
    hold_key(client_key)
    check_not_sent(client_key, by, text)
    drafts = Draft.objects.filter(conversation=current, author=by, mode=mode)
    kept = drafts.first()
    if kept is not None and kept.is_same(fresh):
        return kept if kept.text else None
    if not is_newer(fresh, kept, since=since, unheard=storable(unheard)):
        raise ChangedElsewhere(kept)
    drafts.delete()
    fresh.save()
    if kept is not None and kept.text and not fresh.text:
        announce_draft_gone(current, to=by.pk)
    return fresh if fresh.text else None


def survivor_of(conversation: Conversation) -> Conversation:
    """Where everything of it is by now: a page may not have heard that it was merged."""
    merges = Merge.objects.standing().select_related("target__brand")
    while (merge := merges.filter(source=conversation).first()) is not None:
        conversation = merge.target
    return conversation


def is_newer(fresh: Draft, kept: Draft | None, *, since: int, unheard: str) -> bool:
    """A save that comes late, when the draft was emptied or changed, brings nothing back."""
    if kept is None:
        return not since or not fresh.text
    if kept.version == since:
        return True
    is_same_draft = fresh.client_key == kept.client_key
    if not kept.text:
        return not fresh.text or not (since or is_same_draft)
    return fresh.goes_on_from(kept) or (is_same_draft and kept.text == unheard)


def check_not_sent(client_key: UUID, by: User, text: str) -> None:
    message = Message.objects.filter(client_key=client_key, author=by).first()
    if message is not None:
        raise already_sent(text, message)
    note = Note.objects.filter(client_key=client_key, author=by).first()
    if note is not None:
        raise already_sent(text, note)


def check_says(sent: Message | Note, text: str) -> None:
    """The same key once more, perhaps from a page that had other words. Raises AlreadySent."""
    late = already_sent(text, sent)
    if late.rest:
        raise late


def already_sent(text: str, sent: Message | Note) -> AlreadySent:
    """What of a text was not sent: nothing, what follows on it, or all."""
    words = writable(text)
    rest = rest_of_note(words, sent) if isinstance(sent, Note) else rest_of_reply(words, sent)
    return AlreadySent(words, differs=bool(words)) if rest is None else AlreadySent(rest)


def rest_of_note(words: str, note: Note) -> str | None:
    said = writable(note.text)
    return "" if said.startswith(words) else rest_after(said, words)


def rest_of_reply(words: str, message: Message) -> str | None:
    """By the mark of what was typed: the message may have other words, or none, by now. A save
    that comes late has fewer words than were sent; those are looked for in X's form of them."""
    whole = whole_of(message)
    said = as_typed(whole, read=in_full) or in_full(message)
    if " ".join(said.split()).startswith(folded(escaped(words), {})):
        return ""
    rest = rest_behind(message.typed, words)
    return rest if rest is not None else rest_after(as_typed(whole) or message.plain_text, words)


def in_full(message: Message) -> str:
    return folded(message.text, message.entities)


def drop_draft(
    sent: Message | Note, client_key: UUID, *, by: User, since: int = 0, unheard: str = ""
) -> None:
    """It is being sent, in the transaction that does so: a crash keeps exactly one of the two. What
    the page that sends it never had (`since` and `unheard` as in `save_draft`) and did not send is
    a draft of its own from now on."""
    hold_key(client_key)
    kept = Draft.objects.filter(author=by, client_key=client_key)
    for draft in kept.select_related("conversation"):
        is_known = draft.version == since or draft.text == storable(unheard)
        rest = "" if is_known else already_sent(draft.text, sent).rest
        draft.delete()
        if rest:
            begin_anew(draft, rest)
        announce_draft_gone(draft.conversation, to=by.pk)


def begin_anew(draft: Draft, rest: str) -> None:
    """A row never changes: this is another, and newer."""
    Draft.objects.create(
        conversation=draft.conversation,
        author=draft.author,
        mode=draft.mode,
        text=rest,
        client_key=uuid4(),
        answering=draft.answering,
        seen_through=draft.seen_through,
    )


def hold_key(client_key: UUID) -> None:
    """Until the transaction ends. A thread may be in another conversation than what is typed for it
    is kept in, so the conversation's lock alone does not keep sending and saving apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('draft'), hashtext(%s))", [str(client_key)]
        )


def follow_merge(source: Conversation, target: Conversation) -> None:
    """What people had typed goes along where they have nothing in the same place; what stays is
    there again when the merge is undone."""
    there = Draft.objects.filter(conversation=target)
    taken = set(there.exclude(text="").values_list("author_id", "mode"))
    for draft in Draft.objects.filter(conversation=source):
        if (draft.author_id, draft.mode) not in taken:
            there.filter(author=draft.author_id, mode=draft.mode).delete()
            draft.conversation = target
            draft.save(update_fields=["conversation"])


# From the clock


def let_go_forgotten() -> int:
    """What nobody went on with for long, also of people who left. Returns how many."""
    count, _ = Draft.objects.forgotten().delete()
    if count:
        log.info("forgotten drafts are let go", drafts=count)
    return count
