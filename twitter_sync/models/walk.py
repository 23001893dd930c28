"""A way down X's pages, newest first, on which any worker goes on after any other."""

from __future__ import annotations

from django.db import models

from accounts import clock


class Walk(models.Model):
    """`page_token` is the next page, "" at the top. `fetched` items were met so far, the oldest of
    them of `reached_at`. `is_limited` says that X's quota is used up until `due_at`. `refusals`
    counts how often X refused a page on the way; after too many the walk is given up, at
    `given_up_at`.
    """

    # Who is rung to go on, and by which name of the row.
    TASK, ID = "", ""

    page_token = models.CharField(max_length=200, blank=True)
    fetched = models.PositiveIntegerField(default=0)
    reached_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=clock.now)
    is_limited = models.BooleanField(default=False)
    failure = models.CharField(max_length=300, blank=True)
    refusals = models.PositiveSmallIntegerField(default=0, db_default=0)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_over(self) -> bool:
        """Nothing is left to ask for."""
        raise NotImplementedError

    @property
    def is_given_up(self) -> bool:
        return self.given_up_at is not None
