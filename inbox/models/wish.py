"""What we want to be so on X, and whether it is: the row outlives every call about it."""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.db.models import F, Q

from accounts import clock

W = TypeVar("W", bound="Wish", covariant=True)


class WishQuerySet(models.QuerySet[W]):
    def due(self) -> WishQuerySet[W]:
        """Not settled, due, and in no worker's hands."""
        now = clock.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, state=Wish.State.PENDING, due_at__lte=now)


class Wish(models.Model):
    """`wanted` is what a person asked for last, `held` what X has confirmed last.

    X takes the same call twice without harm, so a call that nobody saw the end of is made again.
    `reason` says why X refused, or what a pending one waits for.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for X"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused by X"

    wanted = models.BooleanField()
    held = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        indexes = [
            models.Index(F("due_at"), name="%(class)s_due", condition=Q(state="pending")),
        ]

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING

    @property
    def is_refused(self) -> bool:
        return self.state == self.State.REFUSED

    @property
    def is_in_force(self) -> bool:
        """It is so on X, or is about to be: what a page has to reckon with."""
        return self.held or (self.wanted and self.is_pending)
