"""A person's own page: name, clock, password, where they are signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import passwords
from accounts.actions.profile import change_profile
from accounts.forms import ChangePasswordForm, ProfileForm
from accounts.requests import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return page(request)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return page(request, profile_form=form)
    change_profile(request.user, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("accounts:profile")


@sensitive_post_parameters("current", "password", "again")
@require_POST
@login_required
def password(request: SignedInRequest) -> HttpResponse:
    form = ChangePasswordForm(request.POST, person=request.user)
    if not form.is_valid():
        return page(request, password_form=form)
    passwords.change_password(request.user, password=form.cleaned_data["password"])
    update_session_auth_hash(request, request.user)
    messages.success(request, "Your password is changed. Every other session has ended.")
    return redirect("accounts:profile")


@require_POST
@login_required
def other_sessions(request: SignedInRequest) -> HttpResponse:
    passwords.end_sessions(request.user)
    update_session_auth_hash(request, request.user)
    messages.success(request, "You are signed in here alone now.")
    return redirect("accounts:profile")


def page(
    request: SignedInRequest,
    profile_form: ProfileForm | None = None,
    password_form: ChangePasswordForm | None = None,
) -> HttpResponse:
    """The whole page; a form that was refused comes back as it was typed, with 422."""
    person = request.user
    status = 422 if profile_form or password_form else 200
    context: dict[str, Any] = {
        "profile_form": profile_form
        or ProfileForm(initial={"name": person.name, "time_zone": person.time_zone}),
        "password_form": password_form or ChangePasswordForm(),
        "memberships": person.memberships.select_related("brand").order_by("brand__handle"),
    }
    return render(request, "accounts/profile.html", context, status=status)
