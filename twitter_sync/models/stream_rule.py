"""One rule of X's filtered stream: keywords of a brand, in X's query language."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5

from accounts import clock

LONGEST = 1_024


class StreamRuleQuerySet(models.QuerySet["StreamRule"]):
    def active(self) -> StreamRuleQuerySet:
        return self.exclude(external_id="")


class StreamRule(models.Model):
    """Wanted and, with an `external_id`, held by X. Else `failure` says why not, in X's words."""

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="stream_rules"
    )
    value = models.CharField(max_length=LONGEST)
    external_id = models.CharField(max_length=20, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(default=clock.now)

    objects = StreamRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            # Of its digest: a long one in no Latin letters is more than an index takes.
            models.UniqueConstraint("brand", MD5("value"), name="stream_rule_once"),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="stream_rule_held_once"
            ),
        ]

    def __str__(self) -> str:
        return self.value
