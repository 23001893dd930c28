"""Making two conversations of one person with one brand one, and two again.

Threads move with all their messages, and so do notes and handoffs; each conversation keeps its own
lines of history. The pair is locked first, as by whoever takes messages in, then the conversations
in the order of their keys.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts import clock
from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.answering import SUMMARY, summarise
from inbox.actions.drafts import follow_merge
from inbox.actions.holding import lock_pair
from inbox.actions.recording import check_not_merged, keep, locked, record
from inbox.models import Conversation, ConversationEvent, Handoff, Merge, Message, Note, Thread

Kinds = ConversationEvent.Kind
Status = Conversation.Status
ON_ITS_WAY = (Message.State.SENDING, Message.State.UNCERTAIN)


class NotTheSame(Exception):
    """Only conversations of one person with one brand are one."""


class OnItsWay(Exception):
    """X has not said yet what became of a reply in one of them."""

    def __init__(self) -> None:
        super().__init__("A reply is on its way to X. Try again once it is there.")


class AlreadyMerged(Exception):
    def __init__(self, merge: Merge) -> None:
        self.merge = merge
        super().__init__(f"#{merge.source_id} was merged into #{merge.target_id} already.")


@transaction.atomic
def merge(source: Conversation, *, into: Conversation, by: User) -> Merge:
    """Moves everything of `source`, which is resolved by it. The same again is the same merge.

    Raises NotTheSame, AlreadyMerged, MergedAway for a target that is gone itself, OnItsWay.
    """
    require_role(by, source.brand_id, Role.AGENT)
    check_same(source, into)
    current, target = hold_both(source, into)
    if (standing := Merge.objects.standing().filter(source=current).first()) is not None:
        if standing.target_id == target.pk:
            return standing
        raise AlreadyMerged(standing)
    check_not_merged(target)
    check_settled(current, target)
    moved = {"before": standing_of(current), **move_all(current, target)}
    made = Merge.objects.create(source=current, target=target, moved=moved, made_by=by)
    put_away(current, target)
    bring_up(target)
    record(current, Kinds.MERGED, by=by, after={"into": target.pk})
    record(target, Kinds.MERGED, by=by, after={"from": current.pk})
    return made


def check_same(source: Conversation, into: Conversation) -> None:
    if source.pk == into.pk:
        raise NotTheSame("A conversation can’t be merged into itself.")
    if (source.brand_id, source.contact_id) != (into.brand_id, into.contact_id):
        raise NotTheSame("Only conversations of one person with one handle can be merged.")
    if source.is_spam or into.is_spam:
        raise NotTheSame("Say first that it is no spam, then merge.")


def hold_both(one: Conversation, other: Conversation) -> tuple[Conversation, Conversation]:
    """The two as they are now, in the order asked for."""
    lock_pair(one.brand, one.contact.x_user_id)
    held = {pk: locked(pk) for pk in sorted((one.pk, other.pk))}
    return held[one.pk], held[other.pk]


def standing_of(source: Conversation) -> dict[str, Any]:
    resolved_at = source.resolved_at.isoformat() if source.resolved_at else None
    through = source.resolved_through
    return {"status": source.status, "resolved_at": resolved_at, "resolved_through": through}


def check_settled(*conversations: Conversation) -> None:
    if Message.objects.filter(conversation__in=conversations, state__in=ON_ITS_WAY).exists():
        raise OnItsWay


def move_all(source: Conversation, target: Conversation) -> dict[str, Any]:
    """Returns what was moved, as `Merge.moved` has it."""
    theirs = {(one.kind, one.x_conversation_id): one for one in target.threads.all()}
    threads, folded = [], []
    for thread in source.threads.all():
        twin = theirs.get((thread.kind, thread.x_conversation_id))
        if twin is None:
            move_thread(thread, target)
            threads.append(thread.pk)
        else:
            folded.append(fold(thread, twin))
    notes = list(source.notes.values_list("pk", flat=True))
    source.notes.update(conversation=target)
    follow_merge(source, target)
    follow_invitations(source, target)
    return {"threads": threads, "folded": folded, "notes": notes}


def move_thread(thread: Thread, target: Conversation) -> None:
    thread.conversation = target
    thread.save(update_fields=["conversation"])
    thread.messages.update(conversation=target)


def fold(thread: Thread, twin: Thread) -> dict[str, Any]:
    """One thread of X's in two conversations becomes one."""
    messages = list(thread.messages.values_list("pk", flat=True))
    named = {"kind": thread.kind, "x_conversation_id": thread.x_conversation_id}
    told = {"thread": thread.pk, **named, "messages": messages}
    thread.messages.update(conversation=twin.conversation_id, thread=twin)
    thread.enclosures.update(thread=twin)
    thread.delete()
    return told


def follow_invitations(*conversations: Conversation) -> None:
    """A handoff is where its invitation is."""
    for handoff in Handoff.objects.filter(conversation__in=conversations).select_related(
        "invitation"
    ):
        if handoff.conversation_id != handoff.invitation.conversation_id:
            handoff.conversation_id = handoff.invitation.conversation_id
            handoff.save(update_fields=["conversation"])


def put_away(source: Conversation, target: Conversation) -> None:
    """Nothing is left in it to answer; its row of the list says where all of it went."""
    source.status, source.snoozed_until = Status.RESOLVED, None
    source.resolved_at = clock.now()
    source.resolved_through = source.resolved_through or 0
    summarise(source)
    source.preview, source.preview_is_ours = f"Merged into #{target.pk}", False
    fields = ("status", "snoozed_until", "resolved_at", "resolved_through")
    keep(source, *SUMMARY, *fields, what="status")


def bring_up(conversation: Conversation, *fields: str) -> None:
    """What it says of itself after messages came or went, and whether somebody waits in it."""
    was_owed = conversation.unanswered_since is not None
    summarise(conversation)
    is_owed = conversation.unanswered_since is not None
    if is_owed and conversation.status in (Status.WAITING, Status.RESOLVED):
        conversation.status = Status.OPEN
    elif was_owed and not is_owed and conversation.status == Status.OPEN:
        conversation.status = Status.WAITING
    keep(conversation, *SUMMARY, "status", *fields, what="message")
    ring("twitter_sync.send", queue="send", conversation_id=conversation.pk)


@transaction.atomic
def unmerge(source: Conversation, *, by: User) -> Merge | None:
    """Moves back what was moved and is still there; what came since stays with its thread. None
    when there is nothing to undo: twice is once.

    Raises MergedAway while the target is merged into a third, and OnItsWay.
    """
    require_role(by, source.brand_id, Role.AGENT)
    standing = Merge.objects.standing().filter(source=source).select_related("target").first()
    if standing is None:
        return None
    current, target = hold_both(source, standing.target)
    standing.refresh_from_db()
    if standing.undone_at is not None:
        return None
    check_not_merged(target)
    check_settled(target)
    move_back(standing, current, target)
    standing.undone_at, standing.undone_by = clock.now(), by
    standing.save(update_fields=["undone_at", "undone_by"])
    take_up(current, standing.moved["before"])
    bring_up(target)
    for conversation in (current, target):
        record(conversation, Kinds.UNMERGED, by=by, after={"merged": current.pk})
    return standing


def move_back(standing: Merge, source: Conversation, target: Conversation) -> None:
    for thread in target.threads.filter(pk__in=standing.moved["threads"]):
        move_thread(thread, source)
    for folded in standing.folded:
        thread, _ = Thread.objects.get_or_create(
            conversation=source,
            brand_id=source.brand_id,
            kind=folded["kind"],
            x_conversation_id=folded["x_conversation_id"],
        )
        target.messages.filter(pk__in=folded["messages"]).update(conversation=source, thread=thread)
    Note.objects.filter(pk__in=standing.moved["notes"], conversation=target).update(
        conversation=source
    )
    follow_invitations(source, target)


def take_up(source: Conversation, before: dict[str, Any]) -> None:
    """As it was, but that a snooze is over."""
    is_put_away = before["status"] == Status.RESOLVED
    source.status = Status.RESOLVED if is_put_away else Status.OPEN
    source.resolved_at = parse_datetime(before["resolved_at"]) if before["resolved_at"] else None
    source.resolved_through = before["resolved_through"]
    # As if somebody waited in it: `bring_up` finds out whether anybody does.
    source.unanswered_since = None if is_put_away else source.last_activity_at
    bring_up(source, "resolved_at", "resolved_through")
