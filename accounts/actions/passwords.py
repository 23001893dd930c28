"""Passwords: asking for a new one, choosing it, changing it. And ending sessions."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import clock
from accounts.access import administers_person
from accounts.actions.letters import write_letter
from accounts.announcements import access_changed
from accounts.links import LinkSpent, reset_link
from accounts.models import Letter, User
from accounts.models.user import new_session_stamp

# Nobody's mailbox is filled by pressing the button again.
PAUSE = timedelta(minutes=1)
log = structlog.get_logger(__name__)


@transaction.atomic
def ask_for_reset(email: str) -> None:
    """Mails a link if the address is somebody's. The caller learns nothing either way (trust S4).

    Someone who was invited and never chose a password gets the invitation once more.
    """
    person = User.objects.enabled().filter(email=email.strip().lower()).first()
    if person is not None:
        write_link(person)


@transaction.atomic
def send_reset_link(person: User, *, by: User) -> None:
    """An admin helps out. The link goes to the person alone, nothing ends until it is used."""
    if not administers_person(by, person):
        raise PermissionDenied("Only admins of the person's handles send links.")
    write_link(person, sender=by)
    log.info("reset link sent", person=person.pk, by=by.pk)


def write_link(person: User, sender: User | None = None) -> None:
    kind = Letter.Kind.INVITATION if person.is_invited else Letter.Kind.RESET
    recent = Letter.objects.filter(to=person, kind=kind, created_at__gt=clock.now() - PAUSE)
    if not recent.exists():
        write_letter(kind, to=person, sender=sender)


def person_of_reset(pk: int, token: str) -> User:
    """The person whom a reset link belongs to. Raises LinkSpent."""
    return holder_of_reset(User.objects.filter(pk=pk).first(), token)


def holder_of_reset(person: User | None, token: str) -> User:
    if person is None or not person.has_usable_password():
        raise LinkSpent
    reset_link.require(person, token)
    return person


@transaction.atomic
def reset_password(pk: int, token: str, *, password: str) -> User:
    """The link's one use. Every session ends. Raises LinkSpent."""
    person = holder_of_reset(User.objects.select_for_update().filter(pk=pk).first(), token)
    change_password(person, password=password)
    return person


@transaction.atomic
def change_password(person: User, *, password: str) -> None:
    """Every session ends, being bound to the password; the page keeps its own alive."""
    person.set_password(password)
    person.save(update_fields=["password"])
    access_changed(person)
    log.info("password changed", person=person.pk)


@transaction.atomic
def end_sessions(person: User) -> None:
    """Every session ends, and every link of a mail; the page keeps its own session alive."""
    person.session_stamp = new_session_stamp()
    person.save(update_fields=["session_stamp"])
    access_changed(person)
    log.info("sessions ended", person=person.pk)
