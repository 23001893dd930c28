"""Who may do what on which brand: the one place that asks for roles."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts.models import BrandAccount, Membership, Role, User


def role_on(user: User, brand: BrandAccount | int) -> Role | None:
    """The role of `user` on `brand`, None for outsiders and disabled people."""
    if not user.is_active:
        return None
    brand_id = brand if isinstance(brand, int) else brand.pk
    membership = Membership.objects.filter(user=user, brand_id=brand_id).first()
    return Role(membership.role) if membership else None


def has_role(user: User, brand: BrandAccount | int, role: Role) -> bool:
    held = role_on(user, brand)
    return held is not None and held.includes(role)


def require_role(user: User, brand: BrandAccount | int, role: Role) -> None:
    """Raises PermissionDenied, which the pages show as 403, when the role is not held."""
    if not has_role(user, brand, role):
        raise PermissionDenied(f"This needs the role {role.label.lower()}.")


def can_administer(user: User, brand: BrandAccount) -> bool:
    return user.is_active and (user.is_superuser or has_role(user, brand, Role.ADMIN))


def administers_any(user: User) -> bool:
    """Owner, or admin of at least one brand: may connect handles and invite people."""
    return user.is_active and (
        user.is_superuser or user.memberships.filter(role=Role.ADMIN).exists()
    )
