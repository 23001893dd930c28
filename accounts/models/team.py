"""A group of a brand's people, used as a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Lower

from accounts import clock

if TYPE_CHECKING:
    from accounts.models.user import User


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> TeamQuerySet:
        """The teams of every brand that `user` belongs to; the owner sees all."""
        if user.is_superuser:
            return self
        return self.filter(brand__memberships__user=user)

    def administered_by(self, user: User) -> TeamQuerySet:
        """The teams of every brand that `user` may run."""
        if user.is_superuser:
            return self
        return self.filter(brand__memberships__user=user, brand__memberships__role="admin")


class Team(models.Model):
    brand = models.ForeignKey("BrandAccount", on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=60)
    members: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        "User", related_name="teams", blank=True
    )
    created_at = models.DateTimeField(default=clock.now)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("brand", Lower("name"), name="team_name_once_per_brand"),
        ]

    def __str__(self) -> str:
        return self.name
