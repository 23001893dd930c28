"""Who works on a handle: the list with roles, adding a colleague, inviting somebody new."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import colleagues_beyond
from accounts.actions.invitations import AlreadyMember
from accounts.actions.invitations import invite as invite_person
from accounts.actions.memberships import add_membership
from accounts.models import BrandAccount, Membership, Role
from accounts.requests import SignedInRequest, posted
from twitter_sync.access import access_handle
from twitter_sync.forms import ColleagueForm, InvitationForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people(request: SignedInRequest, handle: str) -> HttpResponse:
    """The list; on POST a colleague from another handle joins this one."""
    brand = access_handle(request.user, handle)
    form = ColleagueForm(posted(request), people=colleagues_beyond(request.user, brand))
    if not form.is_valid():
        return page(request, brand, colleague_form=form)
    person, role = form.cleaned_data["person"], form.cleaned_data["role"]
    add_membership(person, brand=brand, role=role, by=request.user)
    messages.success(request, f"{person.name} now works on {brand}.")
    return redirect("twitter_sync:people", brand.handle)


@require_POST
@login_required
def invite(request: SignedInRequest, handle: str) -> HttpResponse:
    brand = access_handle(request.user, handle)
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invite_person(**form.cleaned_data, brand=brand, by=request.user)
        except AlreadyMember as error:
            form.add_error("email", f"{error.person.name} works on this handle already.")
        else:
            messages.success(request, f"A mail is on its way to {form.cleaned_data['email']}.")
            return redirect("twitter_sync:people", brand.handle)
    return page(request, brand, invitation_form=form)


def page(
    request: SignedInRequest,
    brand: BrandAccount,
    *,
    colleague_form: ColleagueForm | None = None,
    invitation_form: InvitationForm | None = None,
) -> HttpResponse:
    """A form that was refused is shown with what was typed, and answers 422."""
    free = colleagues_beyond(request.user, brand)
    memberships = Membership.objects.administered_by(request.user).filter(brand=brand)
    context = {
        "brand": brand,
        "memberships": memberships.select_related("user").order_by("user__name", "pk"),
        "roles": Role.choices,
        "can_add": free.exists(),
        "colleague_form": colleague_form or ColleagueForm(people=free),
        "invitation_form": invitation_form or InvitationForm(),
    }
    refused = any(form and form.is_bound for form in (colleague_form, invitation_form))
    return render(request, "twitter_sync/people.html", context, status=422 if refused else 200)
