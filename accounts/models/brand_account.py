"""A handle on X that the team answers for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

from accounts import clock

if TYPE_CHECKING:
    from accounts.models.user import User


class BrandAccountQuerySet(models.QuerySet["BrandAccount"]):
    def visible_to(self, user: User) -> BrandAccountQuerySet:
        """Brands of which `user` is a member, in whatever role."""
        return self.filter(memberships__user=user)

    def administered_by(self, user: User) -> BrandAccountQuerySet:
        """Brands that `user` may run: the owner all of them, admins their own."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user, memberships__role="admin")

    def connected(self) -> BrandAccountQuerySet:
        return self.filter(status=BrandAccount.Status.CONNECTED)

    def lost(self) -> BrandAccountQuerySet:
        """X no longer lets us act for them: an admin has to connect them again."""
        return self.filter(status=BrandAccount.Status.NEEDS_RECONNECT)

    def changed_since(self, moment: datetime) -> BrandAccountQuerySet:
        """Those whose settings or status changed: rows of their events tell."""
        return self.filter(events__created_at__gte=moment)

    def listening(self) -> BrandAccountQuerySet:
        """Those for which news is fetched and pushed: a paused handle goes on hearing."""
        return self.filter(status__in=BrandAccount.LISTENING)


class BrandAccount(models.Model):
    class Status(models.TextChoices):
        CONNECTED = "connected", "Connected"
        PAUSED = "paused", "Paused"
        NEEDS_RECONNECT = "needs_reconnect", "Needs reconnect"
        DISCONNECTED = "disconnected", "Disconnected"

    LISTENING = (Status.CONNECTED, Status.PAUSED)

    x_user_id = models.CharField(max_length=20, unique=True)
    handle = models.CharField(max_length=50)
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=Status, default=Status.CONNECTED)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=clock.now)
    # The team answers since then; what was said before came in as history. Null: from ever.
    answers_since = models.DateTimeField(null=True, blank=True)
    # A pause outlives a consent that X took back: who reconnects does not resume.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        "User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    # What the brand wants done by itself, and for how long it counts.
    joins_threads = models.BooleanField(default=True)
    join_hours = models.PositiveSmallIntegerField(default=72)
    reopen_days = models.PositiveSmallIntegerField(default=7)
    claims_on_reply = models.BooleanField(default=True)
    takes_quotes = models.BooleanField(default=False)
    # Posts of another connected handle are its own business, unless this one wants them.
    takes_connected_handles = models.BooleanField(default=False)
    # Words and phrases that X is to look for in posts that don't name the brand, and whether such a
    # post begins a conversation.
    keywords = models.JSONField(default=list, blank=True, db_default=[])
    opens_keywords = models.BooleanField(default=False, db_default=False)
    # X lets most apps answer only who named, quoted or answered the brand; not all.
    answers_anyone = models.BooleanField(default=False, db_default=False)
    public_undo_seconds = models.PositiveSmallIntegerField(default=8)
    dm_undo_seconds = models.PositiveSmallIntegerField(default=0)
    # Who asked in public hears from the brand there before anybody writes to them in private.
    answers_public_first = models.BooleanField(default=True, db_default=True)
    # To people who have not written for a day: nothing that sells, links to these places alone, and
    # so many private messages a day at most.
    marketing_phrases = models.JSONField(default=list, blank=True, db_default=[])
    link_hosts = models.JSONField(default=list, blank=True, db_default=[])
    dm_daily_cap = models.PositiveSmallIntegerField(default=5, db_default=5)
    # Public replies with personal data, or with what was said in private, are stopped; but for what
    # the brand itself gives out.
    stops_leaks = models.BooleanField(default=True, db_default=True)
    public_details = models.JSONField(default=list, blank=True, db_default=[])
    # How the team calls itself when it greets somebody; empty: the name on X.
    greeting_name = models.CharField(max_length=100, blank=True)

    objects = BrandAccountQuerySet.as_manager()

    class Meta:
        ordering = ["handle"]

    def __str__(self) -> str:
        return f"@{self.handle}"
