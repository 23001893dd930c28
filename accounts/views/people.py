"""Colleagues: the list, one person, and what an admin may decide about them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import access_person, administers_all_of, admins_only
from accounts.actions import invitations, passwords
from accounts.actions import people as deeds
from accounts.forms import MembershipForm
from accounts.models import BrandAccount, Membership, Role, Team, User
from accounts.requests import SignedInRequest


@require_safe
@admins_only
def people(request: SignedInRequest) -> HttpResponse:
    memberships = Membership.objects.visible_to(request.user).select_related("brand")
    everyone = (
        User.objects.administered_by(request.user)
        .prefetch_related(Prefetch("memberships", memberships.order_by("brand__handle")))
        .order_by("-is_active", "name", "pk")
    )
    return render(request, "accounts/people.html", {"people": everyone})


@require_safe
@login_required
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    return person_page(request, access_person(request.user, pk))


@require_POST
@login_required
def disable(request: SignedInRequest, pk: int) -> HttpResponse:
    whom = access_person(request.user, pk)
    try:
        deeds.disable(whom, by=request.user)
    except deeds.NotYourself:
        return person_page(request, whom, problem="You can't disable yourself.")
    messages.success(request, f"{whom.name} is disabled and signed out everywhere.")
    return redirect("accounts:person", whom.pk)


@require_POST
@login_required
def enable(request: SignedInRequest, pk: int) -> HttpResponse:
    whom = access_person(request.user, pk)
    deeds.enable(whom, by=request.user)
    messages.success(request, f"{whom.name} can sign in again.")
    return redirect("accounts:person", whom.pk)


@require_POST
@login_required
def send_link(request: SignedInRequest, pk: int) -> HttpResponse:
    """The way in by mail: the invitation once more, or a link for a new password."""
    whom = access_person(request.user, pk)
    send = invitations.invite_again if whom.is_invited else passwords.send_reset_link
    send(whom, by=request.user)
    messages.success(request, f"A mail is on its way to {whom.email}.")
    return redirect("accounts:person", whom.pk)


def person_page(
    request: SignedInRequest,
    whom: User,
    *,
    problem: str = "",
    add_form: MembershipForm | None = None,
) -> HttpResponse:
    """The page of a person; with a problem it answers 409, with a refused form 422."""
    viewer = request.user
    brands = BrandAccount.objects.administered_by(viewer)
    seen = Membership.objects.visible_to(viewer).filter(user=whom).select_related("brand")
    free = brands.exclude(memberships__user=whom)
    context: dict[str, Any] = {
        "person": whom,
        "problem": problem,
        "memberships": seen.order_by("brand__handle"),
        "administered": set(brands.values_list("pk", flat=True)),
        "teams": Team.objects.visible_to(viewer).filter(members=whom).select_related("brand"),
        "roles": Role.choices,
        "add_form": add_form or MembershipForm(brands=free),
        "can_add": free.exists(),
        "decides": administers_all_of(viewer, whom) and whom != viewer,
        "letter": whom.letters.order_by("-pk").first(),
    }
    status = 409 if problem else 422 if add_form else 200
    return render(request, "accounts/person.html", context, status=status)
