"""Who works on a brand, and as what."""

from __future__ import annotations

import structlog
from django.db import transaction

from accounts.access import require_admin
from accounts.actions.letters import write_letter
from accounts.announcements import access_changed
from accounts.models import BrandAccount, Letter, Membership, Role, Team, User
from accounts.models.user import new_session_stamp

log = structlog.get_logger(__name__)


class LastAdmin(Exception):
    """A brand would be left without an admin; only the owner may do that."""


@transaction.atomic
def add_membership(person: User, *, brand: BrandAccount, role: Role, by: User) -> Membership:
    """A second time changes nothing, not even the role: `change_role` does that."""
    require_admin(by, brand)
    membership, is_new = Membership.objects.get_or_create(
        user=person, brand=brand, defaults={"role": role}
    )
    if is_new:
        if person.is_active and not person.is_invited:
            write_letter(Letter.Kind.WELCOME, to=person, brand=brand, sender=by)
        access_changed(person)
        log.info("membership added", person=person.pk, brand=brand.pk, role=role, by=by.pk)
    return membership


@transaction.atomic
def change_role(membership: Membership, *, role: Role, by: User) -> None:
    """Raises LastAdmin when an admin would take the last admin's role away."""
    require_admin(by, membership.brand)
    if role != Role.ADMIN:
        keep_an_admin(membership, by=by)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    access_changed(membership.user)
    log.info("role changed", membership=membership.pk, before=before, after=role, by=by.pk)


@transaction.atomic
def remove_membership(membership: Membership, *, by: User) -> None:
    """Out of the brand and its teams. An invitation that leads nowhere any more dies with it.

    Raises LastAdmin when an admin would remove the last admin.
    """
    person, brand = membership.user, membership.brand
    require_admin(by, brand)
    keep_an_admin(membership, by=by)
    for team in Team.objects.filter(brand=brand, members=person):
        team.members.remove(person)
    Membership.objects.filter(pk=membership.pk).delete()
    if person.is_invited and not person.memberships.exists():
        person.session_stamp = new_session_stamp()
        person.save(update_fields=["session_stamp"])
    access_changed(person)
    log.info("membership removed", person=person.pk, brand=brand.pk, by=by.pk)


def keep_an_admin(membership: Membership, *, by: User) -> None:
    """Locks the brand, so that two admins cannot remove each other at the same moment."""
    BrandAccount.objects.select_for_update().get(pk=membership.brand_id)
    membership.refresh_from_db(fields=["role"])
    if membership.role != Role.ADMIN or by.is_superuser:
        return
    admins = Membership.objects.enabled().filter(brand=membership.brand_id, role=Role.ADMIN)
    others = admins.exclude(pk=membership.pk).select_related("user")
    if all(other.user.is_invited for other in others):
        raise LastAdmin
