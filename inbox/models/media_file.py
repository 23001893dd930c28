"""A file that we store: the row is there before the file is, and goes after it went."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import models
from django.db.models import Q

from accounts import clock
from accounts.models import User

# Longer than any worker is at it: what was not written by then never will be.
TO_WRITE = timedelta(minutes=10)
KB, MB = 1024, 1024 * 1024
# Folders of some hundred files, not one of a million: by the first letters of a key.
SHELVES = [f"{number:02x}" for number in range(256)]


def new_key() -> str:
    """160 random bits: nobody guesses an address (trust A8)."""
    return secrets.token_hex(20)


def in_words(size: int) -> str:
    """Bytes, as people say it: 640 KB, 4.2 MB, 50 MB."""
    if size < MB:
        return f"{max(1, round(size / KB))} KB"
    whole_or_not = f"{size / MB:.1f}".removesuffix(".0")
    return f"{whole_or_not} MB"


class MediaFileQuerySet(models.QuerySet["MediaFile"]):
    def visible_to(self, user: User) -> MediaFileQuerySet:
        """Of messages, and of what they have chosen for a reply themselves."""
        brands = user.memberships.values("brand")
        said = Q(attachment__message__brand__in=brands)
        return self.filter(said | Q(enclosure__author=user, enclosure__thread__brand__in=brands))

    def left_behind(self) -> MediaFileQuerySet:
        """Nothing shows them any more, and nobody is writing them: the files are to go."""
        at_rest = Q(written_at__isnull=False) | Q(made_at__lt=clock.now() - TO_WRITE)
        return self.filter(at_rest, attachment=None, enclosure=None)


class MediaFile(models.Model):
    """`key` is both its address and its name in the storage; a customer's file name is nowhere.

    It is of an attachment, or of what was chosen for a reply. Whatever takes that away, by
    whichever path, leaves its files without: so they are remembered until a worker has deleted
    them. What is written never changes.
    """

    class Role(models.TextChoices):
        WHOLE = "whole", "The file itself"
        STILL = "still", "A small picture of it"

    attachment = models.ForeignKey(
        "inbox.Attachment", null=True, on_delete=models.SET_NULL, related_name="files"
    )
    enclosure = models.ForeignKey(
        "inbox.Enclosure", null=True, blank=True, on_delete=models.SET_NULL, related_name="files"
    )
    role = models.CharField(max_length=5, choices=Role)
    key = models.CharField(max_length=40, unique=True, default=new_key)
    # As the bytes tell; application/octet-stream for what we don't show.
    media_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)
    written_at = models.DateTimeField(null=True, blank=True)

    objects = MediaFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attachment", "role"], name="media_file_once"),
            models.UniqueConstraint(fields=["enclosure", "role"], name="media_file_once_enclosed"),
        ]
        indexes = [
            models.Index("id", name="media_file_left", condition=Q(attachment=None)),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.attachment_id or self.enclosure_id}"

    @property
    def name(self) -> str:
        """In the storage, on its shelf."""
        return f"{self.key[:2]}/{self.key}"

    @property
    def size_in_words(self) -> str:
        return in_words(self.size)

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def is_film(self) -> bool:
        return self.media_type.startswith("video/")
