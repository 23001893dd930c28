"""The role of a person on a brand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts import clock

if TYPE_CHECKING:
    from accounts.models.user import User


class Role(models.TextChoices):
    AGENT = "agent", "Agent"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"

    def includes(self, other: Role) -> bool:
        """Admins may do what managers may, managers what agents may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, user: User) -> MembershipQuerySet:
        """The memberships of every brand that `user` belongs to; the owner sees all."""
        if user.is_superuser:
            return self
        return self.filter(brand__memberships__user=user)

    def administered_by(self, user: User) -> MembershipQuerySet:
        """The memberships of every brand that `user` may run."""
        if user.is_superuser:
            return self
        return self.filter(brand__memberships__user=user, brand__memberships__role="admin")

    def enabled(self) -> MembershipQuerySet:
        return self.filter(user__is_active=True)


class Membership(models.Model):
    user = models.ForeignKey("User", on_delete=models.CASCADE, related_name="memberships")
    brand = models.ForeignKey("BrandAccount", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT)
    created_at = models.DateTimeField(default=clock.now)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "brand"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.brand}"
