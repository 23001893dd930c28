"""An invitation from a public thread to direct messages, and how far it led."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models
from django.db.models import OuterRef, Subquery

from accounts import clock
from accounts.models import User
from inbox.models.event import ConversationEvent
from inbox.models.message import Message

State = Message.State
# X has it, or may have it.
OUT_THERE = (State.SENDING, State.UNCERTAIN, State.SENT)
GIVEN_UP = (State.FAILED, State.CANCELLED)


STEPS = ("Invited", "DM arrived", "First DM answer", "Resolved", "Closed in public")


class Step(NamedTuple):
    """`at` is None for what has not happened."""

    label: str
    at: datetime | None


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, user: User) -> HandoffQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))

    def with_steps(self) -> HandoffQuerySet:
        """With everything that tells how far each has come; one query for any number."""
        told = self.select_related("invitation", "arrival", "closing", "invited_by")
        return told.annotate(**{"answered_at": first_answer(), "resolved_at": first_resolve()})

    def newest_first(self) -> HandoffQuerySet:
        return self.order_by("-id")


def first_answer() -> Subquery:
    """X's time of our first private message after theirs."""
    ours = Message.objects.filter(
        conversation=OuterRef("conversation"),
        kind=Message.Kind.DM,
        direction=Message.Direction.OUT,
        state=State.SENT,
        sequence__gt=OuterRef("arrival__sequence"),
    )
    return Subquery(ours.order_by("sequence").values("sent_at")[:1])


def first_resolve() -> Subquery:
    resolves = ConversationEvent.objects.filter(
        conversation=OuterRef("conversation"),
        kind=ConversationEvent.Kind.RESOLVED,
        created_at__gte=OuterRef("arrival__sent_at"),
    )
    return Subquery(resolves.order_by("created_at").values("created_at")[:1])


class Handoff(models.Model):
    """The facts of an invitation; when each step was taken follows from them (`with_steps`).

    `invitation` is our public answer with the link, `arrival` the first private message that came
    of it, `closing` the public answer that says so at the end. `reference_code` stands in the words
    that the link writes for the customer; `has_code`: they came with it.
    """

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="handoffs"
    )
    invited_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    invitation = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, related_name="handoff"
    )
    reference_code = models.CharField(max_length=8)
    arrival = models.ForeignKey(
        "inbox.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    has_code = models.BooleanField(default=False)
    closing = models.ForeignKey(
        "inbox.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    objects = HandoffQuerySet.as_manager()

    # Set by `with_steps`.
    answered_at: datetime | None
    resolved_at: datetime | None

    class Meta:
        indexes = [models.Index("brand", "created_at", name="handoff_of_brand")]

    def __str__(self) -> str:
        return f"Handoff {self.pk}"

    @property
    def invited_at(self) -> datetime | None:
        """X's time of the invitation; None while X has not accepted it."""
        return self.invitation.sent_at if self.invitation.state == State.SENT else None

    @property
    def arrived_at(self) -> datetime | None:
        return self.arrival.sent_at if self.arrival else None

    @property
    def closed_at(self) -> datetime | None:
        is_closed = self.closing is not None and self.closing.state == State.SENT
        return self.closing.sent_at if self.closing and is_closed else None

    @property
    def is_given_up(self) -> bool:
        """It never reached the customer."""
        return self.invitation.state in GIVEN_UP and self.arrival is None

    @property
    def may_be_closed(self) -> bool:
        """They came, and no public word of ours says so, or is on its way to."""
        is_said = self.closing is not None and self.closing.state not in GIVEN_UP
        return self.arrival is not None and not is_said

    def is_open_to(self, moment: datetime, *, days: int) -> bool:
        """A private message of that moment answers it, whatever it says."""
        is_published = self.invitation.state in OUT_THERE and self.invitation.deleted_at is None
        since = self.invitation.sent_at
        return is_published and since <= moment <= since + timedelta(days=days)

    def is_named_in(self, text: str) -> bool:
        return self.reference_code in text.lower()

    @property
    def steps(self) -> list[Step]:
        """In their order. Needs `with_steps`."""
        moments = (
            self.invited_at,
            self.arrived_at,
            self.answered_at,
            self.resolved_at,
            self.closed_at,
        )
        return [Step(*step) for step in zip(STEPS, moments, strict=True)]
