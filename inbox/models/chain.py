"""A public answer too long for one post: several messages, each answering the one before it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inbox.models.message import Message

State = Message.State


class ChainPart(models.Model):
    """One message of a chain: `number` of `of`. `before` is the one that it answers, None for the
    first. `joint` is the white space that stood before its words in the text that was cut."""

    message = models.OneToOneField(
        "inbox.Message", on_delete=models.CASCADE, primary_key=True, related_name="part"
    )
    # Restricted: a part without the one before it would go out as an answer to nothing.
    before = models.OneToOneField(
        "inbox.Message", null=True, on_delete=models.RESTRICT, related_name="part_after"
    )
    number = models.PositiveSmallIntegerField()
    of = models.PositiveSmallIntegerField()
    joint = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="chain_part_follows_unless_first",
                condition=Q(number=1, before=None) | Q(number__gt=1, before__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.of} of message {self.message_id}"

    @property
    def is_held(self) -> bool:
        """X has not accepted the one before: it can't go (`message.FREE_TO_GO`). Needs `before`."""
        return self.before is not None and self.before.state != State.SENT

    @property
    def leads(self) -> bool:
        """Nothing before it waits to be sent with it. Needs `before`."""
        return self.before is None or self.before.state != State.QUEUED

    def words_in(self, text: str, *, tail: str = "") -> str:
        """What stood in the text that was cut: `text` without the number and the `tail` below."""
        return text.removesuffix(tail).rstrip().removesuffix(f" {self.number}/{self.of}")
