"""The first person: the owner, who administers everything."""

from __future__ import annotations

import structlog
from django.db import connection, transaction

from accounts.links import LinkSpent, is_set_up_token
from accounts.models import User

log = structlog.get_logger(__name__)


class OwnerExists(Exception):
    """The installation has an owner who can sign in."""

    def __init__(self, owner: User) -> None:
        super().__init__(f"{owner.name} <{owner.email}> is the owner.")
        self.owner = owner


class AddressTaken(Exception):
    """The address is somebody's already."""


def current_owner() -> User | None:
    """The owner who can sign in."""
    owners = User.objects.enabled().filter(is_superuser=True).order_by("pk")
    return next((owner for owner in owners if owner.has_usable_password()), None)


@transaction.atomic
def create_owner(*, email: str, name: str, password: str, time_zone: str = "UTC") -> User:
    """Raises OwnerExists, for the loser of two who try at once too, and AddressTaken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts.owner'))")
    if owner := current_owner():
        raise OwnerExists(owner)
    if User.objects.filter(email=email.strip().lower()).exists():
        raise AddressTaken
    owner = User.objects.create_superuser(email, name, password, time_zone=time_zone)
    log.info("owner created", person=owner.pk)
    return owner


def set_up(token: str, *, email: str, name: str, password: str, time_zone: str) -> User:
    """`create_owner` by the one-time link. Raises LinkSpent once there is an owner."""
    require_set_up(token)
    try:
        return create_owner(email=email, name=name, password=password, time_zone=time_zone)
    except OwnerExists as error:
        raise LinkSpent from error


def require_set_up(token: str) -> None:
    """Raises LinkSpent when the link is not ours, has expired, or there is an owner."""
    if not is_set_up_token(token) or current_owner():
        raise LinkSpent
