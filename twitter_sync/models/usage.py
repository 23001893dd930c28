"""What X bills, counted: a row a day for each kind and caller, and what was read today already."""

from __future__ import annotations

from django.db import models

from twitter_sync.billing import Kind


class Usage(models.Model):
    """`scope` is `user:<x id>` or `app`, for what is asked on behalf of all; `day` is UTC's."""

    scope = models.CharField(max_length=30)
    day = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind)
    amount = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "usage"
        constraints = [
            models.UniqueConstraint(fields=["day", "scope", "kind"], name="usage_once_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.kind} of {self.scope} on {self.day}"


class ReadToday(models.Model):
    """X bills what is read twice on a day once, whichever handle asks: the first one has it.

    Rows of former days are forgotten (`actions.tallying`).
    """

    day = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind)
    x_id = models.CharField(max_length=20)

    class Meta:
        verbose_name_plural = "read today"
        constraints = [
            models.UniqueConstraint(fields=["day", "kind", "x_id"], name="read_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.x_id} on {self.day}"
