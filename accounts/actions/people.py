"""Disabling and enabling a person as a whole."""

from __future__ import annotations

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.access import administers_all_of
from accounts.announcements import access_changed
from accounts.models import User
from accounts.models.user import new_session_stamp

log = structlog.get_logger(__name__)


class NotYourself(Exception):
    """Nobody shuts himself out."""


@transaction.atomic
def disable(person: User, *, by: User) -> None:
    """No sign-in, no session, no link of a mail works from now on. Memberships stay as they are.

    Raises NotYourself, and PermissionDenied for the owner's account and for people who also work
    on brands that `by` does not administer.
    """
    if person == by:
        raise NotYourself
    require_all_of(person, by=by)
    set_active(person, False)
    log.info("person disabled", person=person.pk, by=by.pk)


@transaction.atomic
def enable(person: User, *, by: User) -> None:
    """The person may sign in again, with the password of before."""
    require_all_of(person, by=by)
    set_active(person, True)
    log.info("person enabled", person=person.pk, by=by.pk)


def require_all_of(person: User, *, by: User) -> None:
    if not administers_all_of(by, person):
        raise PermissionDenied("This person also works on handles that you don't administer.")


def set_active(person: User, is_active: bool) -> None:
    """Sessions and links of the time before end in both directions."""
    person.is_active, person.session_stamp = is_active, new_session_stamp()
    person.save(update_fields=["is_active", "session_stamp"])
    access_changed(person)
