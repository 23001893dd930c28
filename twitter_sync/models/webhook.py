"""The address that X pushes to: one for the installation (self-serve plans allow one)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts import clock


class Webhook(models.Model):
    """`external_id` is X's id, "" while X has not accepted the address; `failure` says why not.

    `blocked_by` is another address of the same X app that takes the only place. `proves_with` is
    the secret of the app that X's question (CRC) is answered with: X names now one, now the other,
    and the one that it took last is kept.
    """

    class Proof(models.TextChoices):
        CONSUMER = "X_CONSUMER_SECRET", "API key secret"
        CLIENT = "X_CLIENT_SECRET", "OAuth 2.0 client secret"

    url = models.URLField(max_length=200, unique=True)
    external_id = models.CharField(max_length=20, blank=True)
    is_valid = models.BooleanField(default=False)
    failure = models.CharField(max_length=300, blank=True)
    blocked_by = models.CharField(max_length=300, blank=True)
    proves_with = models.CharField(
        max_length=20, choices=Proof, default=Proof.CONSUMER, db_default=Proof.CONSUMER
    )
    created_at = models.DateTimeField(default=clock.now)
    checked_at = models.DateTimeField(default=clock.now)
    # When X last said that it pushes there.
    proven_at = models.DateTimeField(null=True, blank=True)

    # How the address answers X's question when we ask it ourselves, the way X would: null or empty
    # where it was not asked, or could not be reached from here.
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_in_seconds = models.FloatField(null=True, blank=True)
    answer_failure = models.CharField(max_length=300, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return self.url

    @classmethod
    def ours(cls) -> Webhook:
        """That of our address; one that nobody has saved yet where X was never told of it."""
        url = settings.X_WEBHOOK_URL
        return cls.objects.filter(url=url).first() or cls(url=url)

    @property
    def secret(self) -> str:
        return str(getattr(settings, self.proves_with))
