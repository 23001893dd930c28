"""How a handle's customers are used to write, by hour of the week; and when they fell silent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts import clock


class Rhythm(models.Model):
    """`rates` are how many conversations somebody writes in, in each of the 168 hours of an average
    week, from Monday 00:00 UTC. `longest` is the longest silence that was seen, measured in the
    conversations that were to be expected meanwhile."""

    brand = models.OneToOneField(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="rhythm"
    )
    rates = ArrayField(models.FloatField(), size=168)
    longest = models.FloatField(default=0)
    learned_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"Rhythm of {self.brand}"


class QuietSpellQuerySet(models.QuerySet["QuietSpell"]):
    def under_way(self) -> QuietSpellQuerySet:
        return self.filter(ended_at=None)


class QuietSpell(models.Model):
    """Nobody has written since `since`, which is improbable. `is_confirmed`: fetching says so too.
    Where it doesn't, the handle's admins were written to, once, at `told_at`."""

    brand = models.ForeignKey(
        "accounts.BrandAccount", on_delete=models.CASCADE, related_name="quiet_spells"
    )
    since = models.DateTimeField()
    noticed_at = models.DateTimeField(default=clock.now)
    is_confirmed = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = QuietSpellQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand"], condition=Q(ended_at__isnull=True), name="quiet_spell_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"Silence of {self.brand} since {self.since}"
