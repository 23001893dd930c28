"""A price of X's that the owner has changed; the others are those of `billing.PRICES`."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from accounts import clock
from twitter_sync.billing import Kind


class Price(models.Model):
    """Dollars for one of a kind, since `set_at`."""

    kind = models.CharField(max_length=20, choices=Kind, unique=True)
    usd = models.DecimalField(max_digits=8, decimal_places=4, validators=[MinValueValidator(0)])
    set_at = models.DateTimeField(default=clock.now)
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: ${self.usd}"
