"""How often X was called, and how often in vain: one row a day for each call of each caller."""

from __future__ import annotations

from django.db import models


class ApiCall(models.Model):
    """`scope` is `user:<x id>` or `app`, as in `RateBudget`; `endpoint` is our short name of a
    call; `day` is UTC's, as X's bills have it. A row for every call would outgrow the messages.

    `failure` names the last one that failed, without X's words; its `status` is null where no
    answer came. While `failed_at` is `called_at`, the last call of all failed.
    """

    scope = models.CharField(max_length=30)
    day = models.DateField()
    endpoint = models.CharField(max_length=40)
    made = models.PositiveIntegerField()
    failed = models.PositiveIntegerField(default=0)
    called_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "scope", "endpoint"], name="api_call_once_per_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made} {self.endpoint} of {self.scope} on {self.day}"

    @property
    def is_failing(self) -> bool:
        return self.failed_at is not None and self.failed_at == self.called_at
