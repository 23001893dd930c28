"""A customer: one row per X user id, whatever the handle is today."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from accounts import clock
from accounts.models import User
from inbox.text.names import safe_name, safe_text


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> ContactQuerySet:
        """People with whom a brand of `user` has a conversation."""
        brands = user.memberships.values("brand")
        return self.filter(conversations__brand__in=brands).distinct()


class Contact(models.Model):
    x_user_id = models.CharField(max_length=20, unique=True)
    handle = models.CharField(max_length=50, blank=True)
    name = models.CharField(max_length=200, blank=True)
    bio = models.TextField(blank=True)
    location = models.CharField(max_length=200, blank=True)
    is_verified = models.BooleanField(default=False)
    is_protected = models.BooleanField(default=False)
    followers = models.PositiveBigIntegerField(null=True, blank=True)
    joined_x_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    # X's clock of the payload that the profile was taken from; older payloads change nothing.
    profile_as_of = models.DateTimeField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        indexes = [
            # Search: the beginning of a handle, any part of a name, and what looks like either.
            GinIndex(
                OpClass(Upper("handle"), "gin_trgm_ops"),
                OpClass(Upper("name"), "gin_trgm_ops"),
                name="contact_called",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name as X shows it, without characters that could disguise it (trust R14)."""
        return safe_name(self.name) or self.at_handle

    @property
    def at_handle(self) -> str:
        """The handle with its @; a person whose handle X has not told us is shown by id."""
        return f"@{safe_name(self.handle)}" if self.handle else f"id {self.x_user_id}"

    @property
    def display_bio(self) -> str:
        return safe_text(self.bio)

    @property
    def display_location(self) -> str:
        return safe_name(self.location)


class ContactHandle(models.Model):
    """A handle that a contact was seen with."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="handles")
    handle = models.CharField(max_length=50)
    first_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["first_seen_at"]
        constraints = [
            models.UniqueConstraint(fields=["contact", "handle"], name="contact_handle_once"),
        ]
        indexes = [
            GinIndex(OpClass(Upper("handle"), "gin_trgm_ops"), name="contact_was_called"),
        ]

    def __str__(self) -> str:
        return self.at_handle

    @property
    def at_handle(self) -> str:
        return f"@{safe_name(self.handle)}"
