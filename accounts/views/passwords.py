"""A forgotten password: asking for a link, following it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import passwords
from accounts.forms import ForgottenForm, NewPasswordForm
from accounts.links import LinkSpent
from accounts.requests import posted


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """The same answer for every address, known or not (trust S4)."""
    form = ForgottenForm(posted(request))
    if form.is_valid():
        passwords.ask_for_reset(form.cleaned_data["email"])
        return redirect("accounts:asked-password")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password_forgotten.html", {"form": form}, status=status)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_asked.html")


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    try:
        person = passwords.person_of_reset(pk, token)
        form = NewPasswordForm(posted(request), person=person)
        if form.is_valid():
            passwords.reset_password(pk, token, password=form.cleaned_data["password"])
            messages.success(request, "Your new password is set. Sign in with it.")
            return redirect("accounts:sign-in")
    except LinkSpent:
        return render(request, "accounts/link_spent.html", {"kind": "reset"}, status=410)
    context = {"form": form, "person": person}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password_reset.html", context, status=status)
