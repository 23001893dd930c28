"""Taking one thread out of a conversation: another matter gets a conversation of its own."""

from __future__ import annotations

from django.db import transaction

from accounts.access import require_role
from accounts.models import Role, User
from inbox.actions.assignment import hand_over
from inbox.actions.holding import lock_pair
from inbox.actions.merging import ON_ITS_WAY, OnItsWay, bring_up, follow_invitations, move_thread
from inbox.actions.recording import locked_around, record
from inbox.models import Conversation, ConversationEvent, Thread

Kinds = ConversationEvent.Kind


class OnlyThread(Exception):
    """Nothing would be left."""

    def __init__(self) -> None:
        super().__init__("This conversation has no other thread. There is nothing to split.")


@transaction.atomic
def split(thread: Thread, *, by: User) -> Conversation:
    """The conversation that the thread has from now on: new, with the same status and assignee, and
    linked to the one it comes from. Merging undoes it. Twice is refused: OnlyThread.

    Raises OnlyThread and OnItsWay.
    """
    require_role(by, thread.brand_id, Role.AGENT)
    lock_pair(thread.brand, thread.conversation.contact.x_user_id)
    source = locked_around(thread)
    if source.threads.count() < 2:
        raise OnlyThread
    if source.messages.filter(state__in=ON_ITS_WAY).exists():
        raise OnItsWay
    apart = begin_apart(source)
    move_thread(thread, apart)
    follow_invitations(source)
    if source.assignee is not None:
        hand_over(apart, to=source.assignee, by=by)
    for conversation in (source, apart):
        bring_up(conversation)
    record(source, Kinds.SPLIT, by=by, after={"into": apart.pk})
    record(apart, Kinds.SPLIT, by=by, after={"from": source.pk})
    return apart


def begin_apart(source: Conversation) -> Conversation:
    return Conversation.objects.create(
        brand=source.brand,
        contact=source.contact,
        status=source.status,
        snoozed_until=source.snoozed_until,
        priority=source.priority,
        team=source.team,
        follows=source,
        unanswered_since=source.unanswered_since,
        last_activity_at=source.last_activity_at,
        resolved_at=source.resolved_at,
        resolved_through=source.resolved_through,
    )
