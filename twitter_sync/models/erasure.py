"""One erasing of everything that was held of a handle: who asked for it, how far it is, what went.

The row outlives the handle. It is the line that says what happened, and names the handle by its id
on X so that what X still tells of it is thrown away.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts import clock
from accounts.models import BrandAccount, User


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def visible_to(self, user: User) -> ErasureQuerySet:
        """The owner sees all; others those that they asked for, and those of handles they run."""
        if user.is_superuser:
            return self
        run = BrandAccount.objects.administered_by(user)
        return self.filter(Q(asked_by=user) | Q(brand__in=run.values("pk")))

    def under_way(self) -> ErasureQuerySet:
        return self.filter(finished_at=None)


class Erasure(models.Model):
    """Counts are of rows that are gone; `to_erase` is how many conversations there were.

    `left_at_x` says in X's words why X could not be told to stop its pushes; "" when it could.
    """

    brand = models.ForeignKey(
        BrandAccount, null=True, blank=True, on_delete=models.SET_NULL, related_name="erasures"
    )
    x_user_id = models.CharField(max_length=20)
    handle = models.CharField(max_length=50)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    to_erase = models.PositiveIntegerField(default=0)
    conversations = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    notes = models.PositiveIntegerField(default=0)
    contacts = models.PositiveIntegerField(default=0)
    raw_events = models.PositiveIntegerField(default=0)
    left_at_x = models.CharField(max_length=300, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["x_user_id"],
                condition=Q(finished_at__isnull=True),
                name="erasure_one_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure of @{self.handle}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None
