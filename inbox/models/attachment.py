"""Media of a message. Never a link to X's protected hosts: shown when we hold the file."""

from __future__ import annotations

from django.db import models


class Attachment(models.Model):
    class Kind(models.TextChoices):
        PHOTO = "photo", "Photo"
        GIF = "gif", "GIF"
        VIDEO = "video", "Video"
        OTHER = "other", "Attachment"

    message = models.ForeignKey(
        "inbox.Message", on_delete=models.CASCADE, related_name="attachments"
    )
    kind = models.CharField(max_length=6, choices=Kind)
    media_key = models.CharField(max_length=60)
    source_url = models.URLField(max_length=500, blank=True)
    alt_text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "media_key"], name="attachment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.media_key}"
