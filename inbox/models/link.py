"""Two conversations of a brand that belong together, by somebody's word; nothing moves."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts import clock
from accounts.models import User
from inbox.models.conversation import Conversation


class LinkQuerySet(models.QuerySet["Link"]):
    def visible_to(self, user: User) -> LinkQuerySet:
        return self.filter(lower__brand__in=user.memberships.values("brand"))

    def of(self, conversation: Conversation) -> LinkQuerySet:
        return self.filter(Q(lower=conversation) | Q(higher=conversation))


class Link(models.Model):
    """One row for a pair, whichever of the two it was made from: `lower` has the lower number."""

    lower = models.ForeignKey("inbox.Conversation", on_delete=models.CASCADE, related_name="+")
    higher = models.ForeignKey("inbox.Conversation", on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)

    objects = LinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lower", "higher"], name="linked_once"),
            models.CheckConstraint(
                name="link_is_of_two_in_order", condition=Q(lower__lt=F("higher"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.lower_id} and #{self.higher_id}"

    def other_than(self, conversation: Conversation) -> Conversation:
        return self.higher if self.lower_id == conversation.pk else self.lower
