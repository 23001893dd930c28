"""The first page of a new installation: whoever holds the one-time link becomes the owner."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.actions import owner
from accounts.forms import SetUpForm
from accounts.links import LinkSpent
from accounts.requests import posted


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    form = SetUpForm(posted(request))
    try:
        owner.require_set_up(token)
        if form.is_valid():
            typed = dict(form.cleaned_data)
            del typed["again"]
            person = owner.set_up(token, **typed)
            login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("/")
    except LinkSpent:
        return render(request, "accounts/link_spent.html", {"kind": "set-up"}, status=410)
    except owner.AddressTaken:
        form.add_error("email", "Someone has this address already.")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/set_up.html", {"form": form}, status=status)
