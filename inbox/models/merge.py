"""Two conversations of a person with a brand made one, by somebody who can undo it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from accounts import clock
from accounts.models import User


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: User) -> MergeQuerySet:
        return self.filter(target__brand__in=user.memberships.values("brand"))

    def standing(self) -> MergeQuerySet:
        return self.filter(undone_at=None)

    def that_folded(self, thread: int) -> MergeQuerySet:
        """By the key of a thread that is there no longer."""
        return self.filter(moved__folded__contains=[{"thread": thread}])


class Merge(models.Model):
    """All of `source` went into `target`, as `moved` tells:

    `{"threads": [key], "folded": [{"thread": key, "kind", "x_conversation_id",
    "messages": [key]}], "notes": [key], "before": {"status", "resolved_at",
    "resolved_through"}}`

    A thread of which `target` had one already was folded into that. `before` is how `source` was.
    """

    source = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="merges_away"
    )
    target = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="merges_in"
    )
    moved = models.JSONField(default=dict)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    undone_by = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(undone_at=None), name="merged_once"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.source_id} into #{self.target_id}"

    @property
    def folded(self) -> list[dict[str, Any]]:
        return list(self.moved["folded"])
