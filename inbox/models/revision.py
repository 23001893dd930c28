"""What a message said before its author changed it."""

from __future__ import annotations

from django.db import models

from inbox.text.render import as_read


class MessageRevisionQuerySet(models.QuerySet["MessageRevision"]):
    def told(self) -> MessageRevisionQuerySet:
        """Those whose words we have, oldest first."""
        return self.filter(said_at__isnull=False).order_by("sequence")


class MessageRevision(models.Model):
    """An earlier form of a message under the id that it had then: each change gives a new one.

    A row may be no more than an id that the newer form names: then `said_at` is null.
    """

    message = models.ForeignKey("inbox.Message", on_delete=models.CASCADE, related_name="revisions")
    # Repeated from the message, so that a former id can be found.
    brand = models.ForeignKey("accounts.BrandAccount", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6)
    external_id = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    text = models.TextField(blank=True)
    entities = models.JSONField(default=dict, blank=True)
    said_at = models.DateTimeField(null=True, blank=True)

    objects = MessageRevisionQuerySet.as_manager()

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "kind", "external_id"], name="revision_once_per_brand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}, changed since"

    @property
    def plain_text(self) -> str:
        return as_read(self.text, self.entities)
