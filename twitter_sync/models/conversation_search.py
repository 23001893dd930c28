"""When X is next asked about a customer where we talk with them already: for more of their posts,
and whether those that we hold are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount

if TYPE_CHECKING:
    from datetime import datetime


class ConversationSearchQuerySet(models.QuerySet["ConversationSearch"]):
    def listening(self) -> ConversationSearchQuerySet:
        """For handles that still hear; X's search is the app's and needs no consent of theirs."""
        return self.filter(brand__status__in=BrandAccount.LISTENING)

    def due(self) -> ConversationSearchQuerySet:
        return self.listening().filter(due_at__lte=Now())

    def to_check(self, now: datetime) -> ConversationSearchQuerySet:
        """Of all handles, whether they still hear or not: what is held must be as it is on X."""
        return self.filter(check_at__lte=now).order_by("check_at")

    def for_jobs(self) -> ConversationSearchQuerySet:
        """Nothing new was heard since the last check."""
        return self.filter(checked_at__gte=F("heard_at"))

    def for_calls(self) -> ConversationSearchQuerySet:
        return self.filter(Q(checked_at=None) | Q(checked_at__lt=F("heard_at")))

    def never_made(self) -> ConversationSearchQuerySet:
        return self.listening().filter(searched_at=None, due_at__isnull=False)


class ConversationSearch(models.Model):
    """One customer in one X conversation of a brand. `heard_at` is when we last heard something
    new of them or of us there, `searched_at` up to when X has been searched (null: never), both by
    our clock. `due_at` is null when nothing is expected any more.

    While a search goes on over more pages than one task may read, `began_at` says when it began and
    `until_id` from which of X's ids down it goes on.

    `check_at` is when the posts that we hold of it are asked for again, null when it was quiet for
    too long (`actions.rechecking`); `checked_at` is when they last were.
    """

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    x_conversation_id = models.CharField(max_length=20)
    author_id = models.CharField(max_length=20)
    heard_at = models.DateTimeField(default=clock.now)
    searched_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, default=clock.now)
    began_at = models.DateTimeField(null=True, blank=True)
    until_id = models.CharField(max_length=20, blank=True, default="", db_default="")

    check_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationSearchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "conversation searches"
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "x_conversation_id", "author_id"], name="conversation_search_once"
            ),
        ]
        indexes = [
            models.Index(
                "due_at", name="conversation_search_due", condition=Q(due_at__isnull=False)
            ),
            models.Index("check_at", name="recheck_due", condition=Q(check_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.x_conversation_id} of {self.author_id}"
