"""Teams, brand by brand."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import access_team, admins_only
from accounts.actions import teams as deeds
from accounts.forms import NewTeamForm, TeamForm
from accounts.models import BrandAccount, Team, User
from accounts.requests import SignedInRequest, posted

NAME_TAKEN = "This handle has a team of that name already."


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def teams(request: SignedInRequest) -> HttpResponse:
    brands = BrandAccount.objects.administered_by(request.user)
    form = NewTeamForm(posted(request), brands=brands)
    if form.is_valid():
        try:
            team = deeds.create_team(**form.cleaned_data, by=request.user)
        except deeds.NameTaken:
            form.add_error("name", NAME_TAKEN)
        else:
            return redirect("accounts:team", team.pk)
    seen = Team.objects.administered_by(request.user).annotate(size=Count("members"))
    context = {"form": form, "brands": brands.prefetch_related(Prefetch("teams", seen))}
    return render(request, "accounts/teams.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def team(request: SignedInRequest, pk: int) -> HttpResponse:
    which = access_team(request.user, pk)
    form = TeamForm(
        posted(request),
        people=User.objects.administered_by(request.user).filter(memberships__brand=which.brand),
        initial={"name": which.name, "members": which.members.all()},
    )
    if form.is_valid():
        try:
            deeds.change_team(which, **form.cleaned_data, by=request.user)
        except deeds.NameTaken:
            form.add_error("name", NAME_TAKEN)
        else:
            messages.success(request, f"{which.name} is saved.")
            return redirect("accounts:teams")
    context = {"form": form, "team": which}
    return render(request, "accounts/team.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    which = access_team(request.user, pk)
    deeds.delete_team(which, by=request.user)
    messages.success(request, f"{which.name} is deleted.")
    return redirect("accounts:teams")
