"""One look at whether everything that must always be true is true (trust R23)."""

from __future__ import annotations

from django.db import models

from accounts import clock


class AuditQuerySet(models.QuerySet["Audit"]):
    def newest_first(self) -> AuditQuerySet:
        return self.order_by("-id")


class Audit(models.Model):
    """`broken` has an object for each invariant that did not hold: its `name` and `sentence`, how
    many rows broke it (`count`), the first of them (`rows`), and whether Postgres had answered at
    all (`unfinished`). `is_whole`: every row was read, not only the newest."""

    began_at = models.DateTimeField(default=clock.now)
    seconds = models.FloatField(default=0)
    is_whole = models.BooleanField(default=False)
    broken = models.JSONField(default=list, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("began_at", name="audit_began")]

    def __str__(self) -> str:
        return f"Audit {self.pk}"

    @property
    def is_clean(self) -> bool:
        return not self.broken

    @property
    def names(self) -> list[str]:
        """Of the invariants that did not hold."""
        return [str(one["name"]) for one in self.broken]
