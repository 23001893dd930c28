"""The credentials of a brand's handle. Encrypted, write-only, never shown (trust T5 to T7)."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from accounts import clock
from accounts.models import BrandAccount


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def due(self) -> ConnectionQuerySet:
        """The rest of connecting is to be done, and nobody is at it."""
        return self.filter(set_up_due_at__lte=Now())

    def expiring_within(self, life: timedelta) -> ConnectionQuerySet:
        """Of handles that X still lets us act for: the access token is about to run out, or has."""
        return self.filter(
            brand__status__in=BrandAccount.LISTENING, expires_at__lte=clock.now() + life
        )


class Connection(models.Model):
    """Tokens are `v1:` and Fernet ciphertext: read and written through `twitter_sync.tokens`."""

    brand = models.OneToOneField(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="connection"
    )
    access_token = models.TextField()
    refresh_token = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    # When X last gave a new pair for the old one; null where it has not since the consent.
    renewed_at = models.DateTimeField(null=True, blank=True)
    scopes = models.TextField(blank=True)
    # What X says when asked from another account; null where nobody could ask yet.
    receives_dms = models.BooleanField(null=True, blank=True)
    receives_dms_checked_at = models.DateTimeField(null=True, blank=True)
    # When the rest of connecting is to be done (again); null once it is.
    set_up_due_at = models.DateTimeField(null=True, blank=True)
    # With that: the other address that an admin gave up for ours, where X allows one only.
    replacing = models.CharField(max_length=300, blank=True, db_default="")
    # Replies in a row that X did not confirm; after some, when the next one may be tried.
    unconfirmed_sends = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_send_at = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(default=clock.now)

    objects = ConnectionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Connection of {self.brand}"
