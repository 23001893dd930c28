"""Roles of a person on handles. Each answer is the person's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import access_membership, access_person, administers_person
from accounts.actions import memberships
from accounts.forms import MembershipForm, RoleForm
from accounts.models import BrandAccount, Membership, Role, User
from accounts.requests import SignedInRequest
from accounts.views.people import person_page

LAST_ADMIN = "{brand} would have no admin left. Make someone else admin first, or ask the owner."


@require_POST
@login_required
def add(request: SignedInRequest, pk: int) -> HttpResponse:
    person = access_person(request.user, pk)
    free = BrandAccount.objects.administered_by(request.user).exclude(memberships__user=person)
    form = MembershipForm(request.POST, brands=free)
    if not form.is_valid():
        return person_page(request, person, add_form=form)
    memberships.add_membership(person, **form.cleaned_data, by=request.user)
    messages.success(request, f"{person.name} now works on {form.cleaned_data['brand']}.")
    return redirect("accounts:person", person.pk)


@require_POST
@login_required
def change_role(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = access_membership(request.user, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return person_page(request, membership.user, problem="Choose a role of the list.")
    role: Role = form.cleaned_data["role"]
    try:
        memberships.change_role(membership, role=role, by=request.user)
    except memberships.LastAdmin:
        return last_admin(request, membership)
    messages.success(
        request, f"{membership.user.name} is now {role.label.lower()} of {membership.brand}."
    )
    return onward(request, membership.user)


@require_POST
@login_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = access_membership(request.user, pk)
    try:
        memberships.remove_membership(membership, by=request.user)
    except memberships.LastAdmin:
        return last_admin(request, membership)
    messages.success(request, f"{membership.user.name} no longer works on {membership.brand}.")
    return onward(request, membership.user)


def last_admin(request: SignedInRequest, membership: Membership) -> HttpResponse:
    problem = LAST_ADMIN.format(brand=membership.brand)
    return person_page(request, membership.user, problem=problem)


def onward(request: SignedInRequest, person: User) -> HttpResponse:
    """Back to the page of a handle that named itself as `next`, else to the person, or to where one
    may still be after giving something up."""
    back = request.POST.get("next", "")
    if request.user != person and url_has_allowed_host_and_scheme(back, None):
        return redirect(back)
    if administers_person(request.user, person):
        return redirect("accounts:person", person.pk)
    return redirect("accounts:people" if request.user != person else "accounts:profile")
