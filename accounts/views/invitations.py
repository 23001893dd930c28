"""Inviting people, and the page that an invitation leads to."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import admins_only
from accounts.actions import invitations
from accounts.forms import AcceptForm, InviteForm
from accounts.links import LinkSpent
from accounts.models import BrandAccount
from accounts.requests import SignedInRequest, posted


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def invite(request: SignedInRequest) -> HttpResponse:
    brands = BrandAccount.objects.administered_by(request.user)
    form = InviteForm(posted(request), brands=brands)
    if form.is_valid():
        try:
            invitations.invite(**form.cleaned_data, by=request.user)
        except invitations.AlreadyMember as error:
            form.add_error("email", f"{error.person.name} works on this handle already.")
        else:
            messages.success(request, f"A mail is on its way to {form.cleaned_data['email']}.")
            return redirect("accounts:people")
    status = 422 if form.is_bound else 200
    context = {"form": form, "brands": brands}
    return render(request, "accounts/invite.html", context, status=status)


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Looking changes nothing: mail scanners look. The link is spent by the form."""
    try:
        person = invitations.invited_person(pk, token)
        form = AcceptForm(
            posted(request),
            person=person,
            initial={"name": person.name, "time_zone": person.time_zone},
        )
        if form.is_valid():
            typed = dict(form.cleaned_data)
            del typed["again"]
            person = invitations.accept_invitation(pk, token, **typed)
            login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("/")
    except LinkSpent:
        return render(request, "accounts/link_spent.html", {"kind": "invitation"}, status=410)
    context = {"form": form, "person": person}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/invitation_accept.html", context, status=status)
