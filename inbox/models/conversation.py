"""The ticket: one brand, one contact, any number of reply paths."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from accounts import clock
from accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable

# Without letters and digits that are read for one another.
CODE_DIGITS = "23456789"
CODE_LETTERS = f"{CODE_DIGITS}abcdefghjkmnpqrstuvwxyz"


def new_reference_code() -> str:
    """No two digits stand together. Customers write it privately and invitations say it in public,
    where the guard against leaks takes four in a row for a number of theirs."""
    code = ""
    while len(code) < 8:
        is_after_digit = code[-1:].isdigit()
        code += secrets.choice(CODE_LETTERS.lstrip(CODE_DIGITS) if is_after_digit else CODE_LETTERS)
    return code


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: User) -> ConversationQuerySet:
        """Conversations of the brands of which `user` is a member. The one rule for every path."""
        return self.filter(brand__in=user.memberships.values("brand"))

    def for_brands(self, brands: Iterable[int]) -> ConversationQuerySet:
        return self.filter(brand__in=list(brands))

    def active(self) -> ConversationQuerySet:
        return self.exclude(status=Conversation.Status.RESOLVED).filter(is_spam=False)

    def open(self) -> ConversationQuerySet:
        return self.filter(status=Conversation.Status.OPEN, is_spam=False)

    def waiting(self) -> ConversationQuerySet:
        return self.filter(status=Conversation.Status.WAITING, is_spam=False)

    def snoozed(self) -> ConversationQuerySet:
        return self.filter(status=Conversation.Status.SNOOZED, is_spam=False)

    def resolved(self) -> ConversationQuerySet:
        return self.filter(status=Conversation.Status.RESOLVED, is_spam=False)

    def spam(self) -> ConversationQuerySet:
        return self.filter(is_spam=True)

    def assigned_to(self, user: User) -> ConversationQuerySet:
        return self.filter(assignee=user)

    def unassigned(self) -> ConversationQuerySet:
        return self.filter(assignee__isnull=True)

    def needing_an_answer(self) -> ConversationQuerySet:
        """Somebody waits for us, whoever has the conversation. A snoozed one comes back."""
        owed = self.active().filter(unanswered_since__isnull=False)
        return owed.exclude(status=Conversation.Status.SNOOZED)

    def newest_first(self) -> ConversationQuerySet:
        return self.order_by("-last_activity_at", "-id")

    def longest_waiting_first(self) -> ConversationQuerySet:
        return self.order_by("unanswered_since", "id")


class Conversation(models.Model):
    """`number` is how people name it. `version` grows with every change that a page shows.

    `unanswered_since` is the first unanswered inbound by X's clock, null when answered. Times
    called `last_activity_at` are X's clock too, so that replayed history sorts as it happened.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WAITING = "waiting", "Waiting"
        SNOOZED = "snoozed", "Snoozed"
        RESOLVED = "resolved", "Resolved"

    class Priority(models.IntegerChoices):
        URGENT = 1, "Urgent"
        HIGH = 2, "High"
        NORMAL = 3, "Normal"
        LOW = 4, "Low"

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.PROTECT, related_name="conversations"
    )
    contact = models.ForeignKey(
        "inbox.Contact", on_delete=models.PROTECT, related_name="conversations"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    is_spam = models.BooleanField(default=False)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    assignee = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followed_by"
    )
    reference_code = models.CharField(max_length=8, unique=True, default=new_reference_code)

    unanswered_since = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField()
    snoozed_until = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    # The last message that a resolve covered: what comes after it is unanswered again.
    resolved_through = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    version = models.PositiveIntegerField(default=1)

    # What a row of the list shows, kept here so that a page of the list is one query.
    message_count = models.PositiveIntegerField(default=0)
    preview = models.CharField(max_length=160, blank=True)
    preview_is_ours = models.BooleanField(default=False)
    has_dm = models.BooleanField(default=False)
    has_public = models.BooleanField(default=False)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            # Views of the desk: one partial index each, keyset order inside (design §11).
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_open", condition=Q(status="open", is_spam=False),
            ),
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_unassigned",
                condition=Q(status="open", is_spam=False, assignee__isnull=True),
            ),
            models.Index(
                "assignee", "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_mine",
                condition=Q(is_spam=False, assignee__isnull=False) & ~Q(status="resolved"),
            ),
            models.Index(
                "brand", "unanswered_since", "id",
                name="conv_needs_answer",
                condition=Q(is_spam=False, unanswered_since__isnull=False)
                & ~Q(status="resolved"),
            ),
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_waiting", condition=Q(status="waiting", is_spam=False),
            ),
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_snoozed", condition=Q(status="snoozed", is_spam=False),
            ),
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_resolved", condition=Q(status="resolved", is_spam=False),
            ),
            models.Index(
                "brand", F("last_activity_at").desc(), F("id").desc(),
                name="conv_spam", condition=Q(is_spam=True),
            ),
            models.Index(
                "snoozed_until", name="conv_wake", condition=Q(snoozed_until__isnull=False)
            ),
            models.Index("contact", "brand", F("id").desc(), name="conv_of_contact"),
            models.Index("brand", "changed_at", name="conv_changed"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def number(self) -> int:
        return self.pk

    @property
    def is_active(self) -> bool:
        return self.status != self.Status.RESOLVED and not self.is_spam

    @property
    def is_joinable(self) -> bool:
        """Active, or resolved by nobody: put away as history."""
        was_resolved = self.status == self.Status.RESOLVED and self.resolved_through is not None
        return not was_resolved and not self.is_spam

    @property
    def needs_an_answer(self) -> bool:
        return self.is_active and self.unanswered_since is not None
