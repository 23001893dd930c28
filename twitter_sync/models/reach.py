"""What X last said of a person to a handle: whether they are there, and take its messages."""

from __future__ import annotations

from django.db import models


class Reach(models.Model):
    """X says it to each handle for itself. `said_at` is when it did, None for never; `asked_at`
    when it was last asked out of turn (`actions.asking`). `takes_dms` is None where X did not say.
    """

    class Account(models.TextChoices):
        THERE = "there", "There"
        SUSPENDED = "suspended", "Suspended by X"
        GONE = "gone", "Deactivated or deleted"

    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="+")
    takes_dms = models.BooleanField(null=True)
    account = models.CharField(max_length=9, choices=Account, default=Account.THERE)
    said_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "reaches"
        constraints = [
            models.UniqueConstraint(fields=["brand", "contact"], name="reach_once"),
        ]

    def __str__(self) -> str:
        return f"Contact {self.contact_id}: {self.get_account_display()}"
