"""Where replies stand that are not on their way yet: what goes before them, and about when they go.

X takes so many of a handle in a window, so replies of other conversations may go first. Nothing of
this is kept: it is true at the moment when a page is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts import clock
from inbox.channel import Quota, channel
from inbox.models import Conversation, Message

State = Message.State
# What goes sooner than this goes at once, for a reader.
AT_ONCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Standing:
    """`ahead` are the handle's replies of the same kind that go before, in whatever conversation.
    `is_held`: nobody knows yet what became of the one before it in its own."""

    ahead: int
    goes_at: datetime | None
    is_held: bool
    quota: Quota

    @property
    def place(self) -> int:
        return self.ahead + 1

    @property
    def goes_at_once(self) -> bool:
        return not (self.ahead or self.goes_at or self.is_held)


def standings(conversation: Conversation, messages: Iterable[Message]) -> dict[int, Standing]:
    """Of those of `messages` that are queued, by their keys. Three queries for any number of them,
    none for none."""
    queued = sorted((one for one in messages if one.state == State.QUEUED), key=lambda one: one.pk)
    if not queued:
        return {}
    quota = channel().quota(conversation.brand, {one.kind for one in queued})
    ahead = number_ahead(queued)
    is_held = conversation.messages.filter(state=State.UNCERTAIN).exists()
    found, goes_at = {}, None
    for message in queued:
        left = quota.get(message.kind, Quota())
        # Nor before the one that stands before it in the conversation.
        goes_at = latest(goes_at, message.not_before, left.send_eta(ahead[message.pk]))
        found[message.pk] = Standing(ahead[message.pk], goes_at, is_held, left)
    return found


def number_ahead(queued: list[Message]) -> dict[int, int]:
    """What waits behind an unconfirmed message, or behind a part of its chain that X refused, holds
    up nobody."""
    before = moving().filter(brand=OuterRef("brand"), kind=OuterRef("kind"), pk__lt=OuterRef("pk"))
    number = before.order_by().values("brand").annotate(number=Count("pk")).values("number")
    counted = Message.objects.filter(pk__in=[one.pk for one in queued]).annotate(
        ahead=Coalesce(Subquery(number, output_field=IntegerField()), 0)
    )
    return dict(counted.values_list("pk", "ahead"))


def moving() -> QuerySet[Message]:
    same = Message.objects.filter(conversation=OuterRef("conversation"))
    doubted = same.filter(state=State.UNCERTAIN)
    waiting = Message.objects.filter(state__in=[State.QUEUED, State.SENDING])
    return waiting.filter(~Exists(doubted), ~is_stuck())


def is_stuck() -> Q:
    """X refused a part before it in its chain. The parts of one have keys in a row in their thread,
    made under one lock, so its first is the nearest first part that is not behind it."""
    firsts = Message.objects.filter(
        thread=OuterRef(OuterRef("thread")), part__number=1, pk__lte=OuterRef(OuterRef("pk"))
    )
    refused = Message.objects.filter(
        thread=OuterRef("thread"),
        part__isnull=False,
        state=State.FAILED,
        pk__gte=Subquery(firsts.order_by("-pk").values("pk")[:1]),
        pk__lt=OuterRef("pk"),
    )
    return Q(part__isnull=False) & Q(Exists(refused))


def latest(*moments: datetime | None) -> datetime | None:
    """None when all of them are as good as now."""
    soon = clock.now() + AT_ONCE
    return max((moment for moment in moments if moment and moment > soon), default=None)
