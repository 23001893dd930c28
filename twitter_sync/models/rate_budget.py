"""What X lets us call in a window, as its headers last said, shared by all workers (trust R9)."""

from __future__ import annotations

from django.db import models

from accounts import clock


class RateBudget(models.Model):
    """`scope` is `user:<x id>` or `app`; `endpoint` is our short name of a call.

    `window` is `15m` or `24h`. Past `resets_at` the row says nothing and a full window is assumed.
    """

    scope = models.CharField(max_length=30)
    endpoint = models.CharField(max_length=40)
    window = models.CharField(max_length=3)
    allowed = models.PositiveIntegerField()
    remaining = models.PositiveIntegerField()
    resets_at = models.DateTimeField()
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "endpoint", "window"], name="budget_once_per_window"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.scope} {self.remaining}/{self.allowed}"
