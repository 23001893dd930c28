"""Who reads a stream of X, until when, and how it has gone: one row a stream."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

from accounts import clock

# Two signs of life of X, and a moment to write that down.
HEARD_LATELY = timedelta(seconds=45)


class StreamLease(models.Model):
    """`token` grows with each worker that takes the stream: what an older one writes counts no more
    (fencing). The holder is connected since `connected_at`, null while it tries, and heard a line
    or a sign of life at `heard_at`.

    Nothing that X streamed since `unbroken_since` was missed. `failures` counts ends and attempts
    in a row without one line, `failure` says why in X's words; nobody tries before `due_at`.
    """

    class Name(models.TextChoices):
        ACTIVITY = "activity", "Activities"
        POSTS = "posts", "Posts with keywords"

    name = models.CharField(max_length=10, choices=Name, unique=True)
    token = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    connected_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    unbroken_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    # Plans without a backfill refuse to be asked for one.
    has_backfill = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.get_name_display()}, holder {self.token}"

    @property
    def is_heard(self) -> bool:
        """Whatever X streams now is heard."""
        return self.heard_at is not None and clock.now() - self.heard_at < HEARD_LATELY

    def was_heard_since(self, moment: datetime) -> bool:
        """Nothing that X streamed from then until now was missed."""
        return self.is_heard and self.unbroken_since is not None and self.unbroken_since <= moment
