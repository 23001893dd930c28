"""What the demo's team did with a conversation: through the inbox's actions, then dated back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from accounts import clock
from accounts.models import User
from inbox.actions.assignment import assign
from inbox.actions.notes import add_note
from inbox.actions.recording import locked
from inbox.actions.status import resolve, snooze
from inbox.demo import credit, done_at, give_it_its_past, has_its_past
from inbox.models import Conversation
from twitter_sync.actions.sending import LEASE
from twitter_sync.demo.content import Line, Story, length
from twitter_sync.models import SendAttempt

# The team by the names that the content uses: `ana`, `sam`.
Team = Mapping[str, User]


@transaction.atomic
def work_through(
    number: int, story: Story, *, team: Team, now: datetime, ids: Mapping[Line, str]
) -> bool:
    """Does what the story says to conversation `number`, once: False when it is done already."""
    conversation = locked(number)
    if has_its_past(conversation):
        return False
    give_it_its_past(conversation)
    for line in story.lines:
        if line.is_said and line.by:
            credit_answer(conversation, line, team[line.by], ids[line])
        elif not line.is_said:
            with done_at(conversation, now - line.ago):
                do(conversation, line, team, now)
    return True


def credit_answer(conversation: Conversation, line: Line, author: User, external_id: str) -> None:
    """It was handed to X when the story says, and X took it."""
    answer = conversation.messages.get(external_id=external_id)
    credit(answer, to=author, client_key=key_of(conversation, line))
    SendAttempt.objects.create(
        message=answer,
        outcome=SendAttempt.Outcome.SENT,
        status=201,
        started_at=answer.sent_at,
        lease_until=answer.sent_at + LEASE,
        finished_at=answer.sent_at,
    )


def do(conversation: Conversation, line: Line, team: Team, now: datetime) -> None:
    by = team[line.by]
    if line.kind == "note":
        key = key_of(conversation, line)
        add_note(conversation, text=line.words, by=by, client_key=key)
    elif line.kind == "assign":
        assign(conversation, to=team[line.words], by=by)
    elif line.kind == "resolve":
        resolve(conversation, by=by)
    elif (until := full_hour(now - line.ago + length(line.words))) > clock.now():
        snooze(conversation, until=until, by=by)


def full_hour(moment: datetime) -> datetime:
    """The next one: nobody snoozes until 11:07."""
    return (moment + timedelta(minutes=59)).replace(minute=0, second=0, microsecond=0)


def key_of(conversation: Conversation, line: Line) -> UUID:
    return uuid5(NAMESPACE_URL, f"demo:{conversation.pk}:{line.ago}:{line.words}")
