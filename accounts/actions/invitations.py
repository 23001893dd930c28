"""Inviting a person to a brand, and accepting."""

from __future__ import annotations

import structlog
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import clock
from accounts.access import require_admin
from accounts.actions.letters import write_letter
from accounts.actions.memberships import add_membership
from accounts.links import LinkSpent, invitation_link
from accounts.models import BrandAccount, Letter, Membership, Role, User
from accounts.models.user import new_session_stamp

log = structlog.get_logger(__name__)


class AlreadyMember(Exception):
    """The address belongs to someone who works on the brand already."""

    def __init__(self, person: User) -> None:
        super().__init__(person.name)
        self.person = person


@transaction.atomic
def invite(*, email: str, name: str, brand: BrandAccount, role: Role, by: User) -> User:
    """Gives a role on `brand` and mails a one-time link; known people get the role at once.

    The answer is the same for known and unknown addresses (trust S4). Raises AlreadyMember.
    """
    require_admin(by, brand)
    person: User
    person, is_new = User.objects.get_or_create(
        email=email.strip().lower(),
        defaults={
            "name": name,
            "time_zone": brand.time_zone,
            "invited_at": clock.now(),
            "password": unusable_password(),
        },
    )
    if Membership.objects.filter(user=person, brand=brand).exists():
        raise AlreadyMember(person)
    add_membership(person, brand=brand, role=role, by=by)
    if person.is_invited and person.is_active:
        write_letter(Letter.Kind.INVITATION, to=person, brand=brand, sender=by)
    log.info("person invited", person=person.pk, brand=brand.pk, is_new=is_new, by=by.pk)
    return person


def unusable_password() -> str:
    nobody = User()
    nobody.set_unusable_password()
    return nobody.password


@transaction.atomic
def invite_again(person: User, *, by: User) -> None:
    """A new link; the ones before stop working."""
    shared = BrandAccount.objects.administered_by(by).filter(memberships__user=person).first()
    if shared is None and not by.is_superuser:
        raise PermissionDenied("Only admins of the person's handles invite them again.")
    person.session_stamp = new_session_stamp()
    person.invited_at = clock.now()
    person.save(update_fields=["session_stamp", "invited_at"])
    write_letter(Letter.Kind.INVITATION, to=person, brand=shared, sender=by)
    log.info("person invited again", person=person.pk, by=by.pk)


def invited_person(pk: int, token: str) -> User:
    """The person whom an invitation's link belongs to. Raises LinkSpent."""
    return holder_of_invitation(User.objects.filter(pk=pk).first(), token)


def holder_of_invitation(person: User | None, token: str) -> User:
    if person is None or not person.is_invited:
        raise LinkSpent
    invitation_link.require(person, token)
    return person


@transaction.atomic
def accept_invitation(pk: int, token: str, *, name: str, password: str, time_zone: str) -> User:
    """The link's one use: the person becomes theirs. Raises LinkSpent, for the loser of two too."""
    person = holder_of_invitation(User.objects.select_for_update().filter(pk=pk).first(), token)
    person.name, person.time_zone = name, time_zone
    person.set_password(password)
    person.save(update_fields=["name", "time_zone", "password"])
    log.info("invitation accepted", person=person.pk)
    return person
