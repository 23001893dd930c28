"""One kind of news about a handle that X pushes to our webhook (X Activity)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts import clock

if TYPE_CHECKING:
    from twitter_sync.models.webhook import Webhook


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> SubscriptionQuerySet:
        return self.exclude(external_id="")

    def to(self, webhook: Webhook) -> SubscriptionQuerySet:
        """Those that X pushes to this address."""
        return self.active().filter(webhook_external_id=webhook.external_id)


class Subscription(models.Model):
    """Wanted and, with an `external_id`, granted. Else `failure` says why not, in X's words."""

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="subscriptions"
    )
    event_type = models.CharField(max_length=60)
    external_id = models.CharField(max_length=20, blank=True)
    webhook_external_id = models.CharField(max_length=20, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(default=clock.now)
    # Since when X tells of it under this `external_id`.
    granted_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "event_type"], name="subscription_once"),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="subscription_external_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} of {self.brand}"

    @property
    def is_active(self) -> bool:
        return bool(self.external_id)
