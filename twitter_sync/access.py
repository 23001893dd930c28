"""Who may open the pages of a handle."""

from __future__ import annotations

from django.http import Http404

from accounts.access import require_admin
from accounts.models import BrandAccount, User


def access_handle(user: User, handle: str) -> BrandAccount:
    """Raises Http404 to those who know nothing of the brand, PermissionDenied to its agents.

    A handle that somebody else took over on X may be ours twice, by its old owner and its new
    one: the one connected last is meant.
    """
    known = BrandAccount.objects.filter(handle__iexact=handle).order_by("-connection__connected_at")
    visible = BrandAccount.objects.visible_to(user) | BrandAccount.objects.administered_by(user)
    brand = known.filter(pk__in=visible.values("pk")).first()
    if brand is None:
        raise Http404
    require_admin(user, brand)
    return brand
