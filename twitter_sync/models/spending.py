"""What X may cost in a month, and what it has cost by now: one row for the installation."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import models

from accounts import clock

ONLY = 1


def month_of(moment: datetime) -> date:
    """The first day of its month, in UTC, as X's bills have it."""
    return moment.astimezone(UTC).date().replace(day=1)


class Spending(models.Model):
    """`spent_usd` is the estimate for `month`, of `measured_at`. `counted_to` is the last row of
    the ledger whose pushes are counted. `told` is the pace that the owner was last told of.
    """

    class Pace(models.TextChoices):
        FULL = "full", "As always"
        SLOW = "slow", "Slowed"
        STOPPED = "stopped", "Stopped"

    # From this share of the cap on, what can wait is slowed.
    NEAR = Decimal("0.8")

    cap_usd = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    spent_usd = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0))
    month = models.DateField()
    measured_at = models.DateTimeField(default=clock.now)
    counted_to = models.BigIntegerField(default=0)
    told = models.CharField(max_length=7, choices=Pace, default=Pace.FULL)

    class Meta:
        verbose_name_plural = "spending"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=ONLY), name="spending_is_one_row"),
        ]

    def __str__(self) -> str:
        return f"${self.spent_usd} of ${self.cap_usd} in {self.month:%B %Y}"

    def pace_at(self, moment: datetime) -> Pace:
        """How freely X may be read. A new month begins at nothing, before it is measured."""
        if self.cap_usd is None or self.month != month_of(moment):
            return self.Pace.FULL
        if self.spent_usd >= self.cap_usd:
            return self.Pace.STOPPED
        return self.Pace.SLOW if self.spent_usd >= self.cap_usd * self.NEAR else self.Pace.FULL
