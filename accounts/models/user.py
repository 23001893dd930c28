"""A person who signs in. What they may do comes from their memberships, brand by brand."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts import clock


def new_session_stamp() -> str:
    return secrets.token_hex(8)


class UserQuerySet(models.QuerySet["User"]):
    def enabled(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def visible_to(self, user: User) -> UserQuerySet:
        """Colleagues: people who share a brand with `user`. The owner sees everyone."""
        if user.is_superuser:
            return self
        brands = user.memberships.values("brand")
        return self.filter(
            models.Q(memberships__brand__in=brands) | models.Q(pk=user.pk)
        ).distinct()

    def administered_by(self, user: User) -> UserQuerySet:
        """People with a role on a brand that `user` may run; the owner everyone."""
        if user.is_superuser:
            return self
        brands = user.memberships.filter(role="admin").values("brand")
        return self.filter(memberships__brand__in=brands).distinct()


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(
        self, email: str, name: str, password: str | None = None, **fields: Any
    ) -> User:
        user: User = self.model(email=email.strip().lower(), name=name.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, name: str, password: str, **fields: Any) -> User:
        return self.create_user(email, name, password, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        found: User = self.get(email=(email or "").strip().lower())
        return found


class User(AbstractBaseUser):
    """`is_superuser` marks the owner, who administers but reads only through a membership.

    An invited person has no usable password until they follow the link of the invitation.
    Sessions live as long as the password and `session_stamp` stay what they were.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_superuser = models.BooleanField(default=False)
    invited_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    session_stamp = models.CharField(max_length=16, default=new_session_stamp)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_invited(self) -> bool:
        """True until the person has chosen a password."""
        return self.invited_at is not None and not self.has_usable_password()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django ends every session whose stored hash is another than this one."""
        stamped = f"{self.password}{self.session_stamp}"
        return salted_hmac(
            "accounts.User.session", stamped, secret=secret, algorithm="sha256"
        ).hexdigest()
