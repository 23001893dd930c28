"""A line in the life of a handle: who changed how it runs, when, from what to what."""

from __future__ import annotations

from django.db import models

from accounts import clock
from accounts.models.brand_account import BrandAccount
from accounts.models.user import User


class BrandEvent(models.Model):
    """`actor` is null for what this machine did itself: a command, or X taking access back."""

    class Kind(models.TextChoices):
        CONNECTED = "connected", "Connected"
        RECONNECTED = "reconnected", "Reconnected"
        TAKEN_BACK = "taken_back", "Access taken back on X"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        DISCONNECTED = "disconnected", "Disconnected"
        SETTINGS_CHANGED = "settings_changed", "Settings changed"

    brand = models.ForeignKey(BrandAccount, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["brand", "-id"], name="brand_event_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.brand}"
