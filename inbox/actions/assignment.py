"""Who has a conversation: claim, assign, unassign."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import clock
from accounts.access import has_role, require_role
from accounts.models import Role, User
from inbox.actions.recording import keep, locked_for_work, record
from inbox.models import Assignment, Conversation, ConversationEvent

# Tells "not said" from "nobody" where a person may be named.
UNSAID = -1


class AlreadyAssigned(Exception):
    """Somebody else has it; `holder` is who, None when it was given back meanwhile."""

    def __init__(self, holder: User | None) -> None:
        self.holder = holder
        name = holder.name if holder else "Nobody"
        super().__init__(f"{name} has this conversation now.")


class NotAMember(Exception):
    """The person does not work for the brand, or is disabled."""

    def __init__(self, person: User, conversation: Conversation) -> None:
        super().__init__(f"{person.name} is no member of {conversation.brand}.")


@transaction.atomic
def claim(conversation: Conversation, *, by: User) -> Conversation:
    """Takes a conversation that nobody has. Claiming one's own again changes nothing.

    Raises AlreadyAssigned with the winner's name for the loser of a race.
    """
    require_role(by, conversation.brand_id, Role.AGENT)
    current = locked_for_work(conversation)
    if current.assignee_id == by.pk:
        return current
    if current.assignee_id is not None:
        raise AlreadyAssigned(current.assignee)
    return hand_over(current, to=by, by=by)


@transaction.atomic
def assign(
    conversation: Conversation, *, to: User, by: User, held_by: int | None = UNSAID
) -> Conversation:
    """Gives a conversation to a member of its brand.

    Managers give to anyone, agents only to themselves and only what nobody has. `held_by` is the
    assignee's id that `by` saw; when somebody else has it by now, AlreadyAssigned is raised.
    """
    if to.pk == by.pk and not has_role(by, conversation.brand_id, Role.MANAGER):
        return claim(conversation, by=by)
    require_role(by, conversation.brand_id, Role.MANAGER)
    if not has_role(to, conversation.brand_id, Role.AGENT):
        raise NotAMember(to, conversation)
    current = locked_for_work(conversation)
    if current.assignee_id == to.pk:
        return current
    if held_by not in (UNSAID, current.assignee_id):
        raise AlreadyAssigned(current.assignee)
    return hand_over(current, to=to, by=by)


@transaction.atomic
def unassign(conversation: Conversation, *, by: User) -> Conversation:
    """Gives a conversation back to the queue: one's own, or anyone's for a manager."""
    require_role(by, conversation.brand_id, Role.AGENT)
    current = locked_for_work(conversation)
    if current.assignee_id is None:
        return current
    if current.assignee_id != by.pk and not has_role(by, current.brand_id, Role.MANAGER):
        raise PermissionDenied("Only a manager may take a conversation from a colleague.")
    return hand_over(current, to=None, by=by)


def hand_over(conversation: Conversation, *, to: User | None, by: User | None) -> Conversation:
    """Moves a locked conversation to `to`: closes the open Assignment, opens the next."""
    kinds = ConversationEvent.Kind
    before = conversation.assignee
    end_assignment(conversation)
    if to is not None:
        Assignment.objects.create(conversation=conversation, assignee=to, assigned_by=by)
    conversation.assignee = to
    keep(conversation, "assignee", what="assignment")
    record(
        conversation,
        kinds.ASSIGNED if to else kinds.UNASSIGNED,
        by=by,
        subject=to or before,
        before={"assignee": before.pk if before else None},
        after={"assignee": to.pk if to else None},
    )
    return conversation


def end_assignment(conversation: Conversation) -> None:
    conversation.assignments.filter(ended_at=None).update(ended_at=clock.now())
