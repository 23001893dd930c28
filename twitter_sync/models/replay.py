"""A span of pushes that did not reach us, and X's job to send them again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock


class ReplayQuerySet(models.QuerySet["Replay"]):
    def unfinished(self) -> ReplayQuerySet:
        return self.filter(state__in=[Replay.State.WANTED, Replay.State.ASKED])

    def due(self) -> ReplayQuerySet:
        """To be asked for, or asked for so long ago that X has forgotten to say how it went."""
        return self.unfinished().filter(due_at__lte=Now())


class Replay(models.Model):
    """`external_id` is X's id of the job, asked for at `asked_at` after `attempts` in vain; X says
    at its end how it went. `failure` says in X's words why it was not to be had.
    """

    class State(models.TextChoices):
        WANTED = "wanted", "To be asked for"
        ASKED = "asked", "Under way"
        COMPLETE = "complete", "Everything came"
        FAILED = "failed", "Given up"

    webhook = models.ForeignKey(
        "twitter_sync.Webhook", on_delete=models.CASCADE, related_name="replays"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WANTED)
    external_id = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    asked_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ReplayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="replay_once"
            ),
        ]
        indexes = [
            models.Index(
                "due_at", name="replay_due", condition=Q(state__in=["wanted", "asked"])
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Replay of {self.since} to {self.until}"
