"""A reply path inside a conversation. A reply is always to a thread."""

from __future__ import annotations

from django.db import models

from accounts import clock
from accounts.models import User
from inbox.models.message import Message


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, user: User) -> ThreadQuerySet:
        return self.filter(brand__in=user.memberships.values("brand"))

    def with_beginnings(self) -> ThreadQuerySet:
        """`began_at`: when the first thing in it was said on X, None where nothing was."""
        said = Message.objects.filter(thread=models.OuterRef("pk")).order_by("sequence")
        return self.annotate(began_at=models.Subquery(said.values("sent_at")[:1]))


class Thread(models.Model):
    class Kind(models.TextChoices):
        DM = "dm", "Direct message"
        PUBLIC = "public", "Public"

    conversation = models.ForeignKey(
        "inbox.Conversation", on_delete=models.CASCADE, related_name="threads"
    )
    # Repeated from the conversation, so that a thread can be found by what X calls it.
    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind)
    x_conversation_id = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "kind", "x_conversation_id"], name="thread_once"
            ),
        ]
        indexes = [
            models.Index("brand", "kind", "x_conversation_id", name="thread_by_x"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.x_conversation_id}"

    @property
    def is_public(self) -> bool:
        return self.kind == self.Kind.PUBLIC
