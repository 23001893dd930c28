"""What every page knows of the person who reads it. Lazy: plain pages ask nothing."""

from __future__ import annotations

from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.access import administers_any, roles_of
from accounts.mailbox import is_file_based
from accounts.models import BrandAccount, Role, User


class Place(TypedDict):
    """A link of the top bar."""

    label: str
    href: str
    icon: str


def signed_in(request: HttpRequest) -> dict[str, object]:
    """Adds `navigation`, `can_administer`, `is_owner`, `lost_handles` and `live_url` to every
    template.

    An error page may be drawn before anybody was looked up: then all of it is empty.
    """
    person = getattr(request, "user", None)
    return {
        "navigation": SimpleLazyObject(lambda: places(person)),
        "can_administer": SimpleLazyObject(lambda: may_administer(person)),
        "is_owner": SimpleLazyObject(lambda: is_owner(person)),
        "lost_handles": SimpleLazyObject(lambda: lost_handles(person)),
        "live_url": settings.LIVE_URL,
    }


def may_administer(person: object) -> bool:
    return isinstance(person, User) and administers_any(person)


def is_owner(person: object) -> bool:
    return isinstance(person, User) and person.is_superuser


def lost_handles(person: object) -> list[BrandAccount]:
    """Those that `person` runs and has to connect again."""
    if not isinstance(person, User):
        return []
    return list(BrandAccount.objects.administered_by(person).lost())


def places(person: object) -> list[Place]:
    """The top bar's links that `person` may open."""
    if not isinstance(person, User):
        return []
    found = [Place(label="Desk", href=reverse("inbox:desk"), icon="inbox")]
    roles = roles_of(person)
    if any(role.includes(Role.MANAGER) for role in roles):
        found += [
            Place(label="Reports", href=reverse("inbox:handoffs"), icon="list"),
            Place(
                label="Saved replies",
                href=reverse("inbox:saved-replies-home"),
                icon="message-circle",
            ),
        ]
    if person.is_superuser or Role.ADMIN in roles:
        found += [
            Place(label="Handles", href=reverse("twitter_sync:handles"), icon="at-sign"),
            Place(label="People", href=reverse("accounts:people"), icon="users"),
            Place(label="Teams", href=reverse("accounts:teams"), icon="layers"),
        ]
    if person.is_superuser and is_file_based():
        found.append(Place(label="Mailbox", href=reverse("accounts:mailbox"), icon="mail"))
    return found
