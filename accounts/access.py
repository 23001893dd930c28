"""Who may do what on which brand: the one place that asks for roles.

What a person may not see does not exist for them (404). What they see but may not change is
refused (403). Views obtain every object of accounts through an `access_…` function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from accounts.models import BrandAccount, Membership, Role, Team, User
from accounts.requests import SignedInRequest


def role_on(user: User, brand: BrandAccount | int) -> Role | None:
    """The role of `user` on `brand`, None for outsiders and disabled people."""
    if not user.is_active:
        return None
    brand_id = brand if isinstance(brand, int) else brand.pk
    membership = Membership.objects.filter(user=user, brand_id=brand_id).first()
    return Role(membership.role) if membership else None


def with_role(role: Role, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of the pairs, of a person's key and a brand's, in which the person has the role or a
    higher one. At most one query."""
    if not pairs:
        return set()
    people, brands = {user_id for user_id, _ in pairs}, {brand_id for _, brand_id in pairs}
    memberships = Membership.objects.enabled().filter(user__in=people, brand__in=brands)
    held = {(one.user_id, one.brand_id) for one in memberships if Role(one.role).includes(role)}
    return held & set(pairs)


def has_role(user: User, brand: BrandAccount | int, role: Role) -> bool:
    held = role_on(user, brand)
    return held is not None and held.includes(role)


def require_role(user: User, brand: BrandAccount | int, role: Role) -> None:
    """Raises PermissionDenied, which the pages show as 403, when the role is not held."""
    if not has_role(user, brand, role):
        raise PermissionDenied(f"This needs the role {role.label.lower()}.")


def can_administer(user: User, brand: BrandAccount) -> bool:
    return user.is_active and (user.is_superuser or has_role(user, brand, Role.ADMIN))


def require_admin(user: User, brand: BrandAccount) -> None:
    if not can_administer(user, brand):
        raise PermissionDenied(f"Only admins of {brand} and the owner may do this.")


def require_owner(user: User) -> None:
    if not (user.is_active and user.is_superuser):
        raise PermissionDenied("Only the owner may do this.")


def administers_any(user: User) -> bool:
    """Owner, or admin of at least one brand: may connect handles and invite people."""
    return user.is_active and (
        user.is_superuser or user.memberships.filter(role=Role.ADMIN).exists()
    )


def roles_of(user: User) -> set[Role]:
    """All that the user has, on whichever brands. One query."""
    return {Role(role) for role in user.memberships.values_list("role", flat=True)}


def administers_person(user: User, person: User) -> bool:
    """May see the person's page: the owner, and admins of a brand that the person works on."""
    return user.is_active and User.objects.administered_by(user).filter(pk=person.pk).exists()


def administers_all_of(user: User, person: User) -> bool:
    """May decide about the whole person: no brand of theirs is beyond `user`'s reach.

    Admins never decide about the owner.
    """
    if user.is_superuser:
        return True
    if person.is_superuser or not administers_person(user, person):
        return False
    theirs = person.memberships.values("brand")
    beyond = BrandAccount.objects.filter(pk__in=theirs).exclude(
        pk__in=BrandAccount.objects.administered_by(user).values("pk")
    )
    return not beyond.exists()


def colleagues_beyond(user: User, brand: BrandAccount) -> QuerySet[User]:
    """People whom `user` administers elsewhere and who don't work on `brand` yet."""
    others: QuerySet[User] = User.objects.administered_by(user).filter(is_active=True)
    return others.exclude(memberships__brand=brand).order_by("name", "pk")


def access_person(user: User, pk: int) -> User:
    person: User = get_object_or_404(User.objects.visible_to(user), pk=pk)
    if not administers_person(user, person):
        raise PermissionDenied("Only admins and the owner see the pages of people.")
    return person


def access_membership(user: User, pk: int) -> Membership:
    memberships = Membership.objects.visible_to(user).select_related("user", "brand")
    membership = get_object_or_404(memberships, pk=pk)
    require_admin(user, membership.brand)
    return membership


def access_team(user: User, pk: int) -> Team:
    team = get_object_or_404(Team.objects.visible_to(user).select_related("brand"), pk=pk)
    require_admin(user, team.brand)
    return team


def admins_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages of people, teams and handles: signed in, and owner or admin of some brand."""

    @login_required
    @wraps(view)
    def guarded(request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not administers_any(request.user):
            raise PermissionDenied("Only admins and the owner open this page.")
        return view(request, *args, **kwargs)

    return guarded
