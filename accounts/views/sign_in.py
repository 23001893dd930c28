"""In and out."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.contrib.auth import authenticate, login, logout
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.announcements import access_changed
from accounts.forms import SignInForm
from accounts.models import User

# One sentence for every failure: which half was wrong, or whose account is disabled, is not told.
REFUSED = "E-mail and password don't match. Check both; passwords mind upper and lower case."


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    where_to = local_path(request.POST.get("next") or request.GET.get("next") or "/")
    if is_fragment(request):
        return JsonResponse({"error": "Sign in first."}, status=401)
    if request.method != "POST":
        return redirect(where_to) if request.user.is_authenticated else page(request, SignInForm())
    form = SignInForm(request.POST)
    if form.is_valid():
        person = authenticate(request, **form.cleaned_data)
        if person is not None:
            login(request, person)
            return redirect(where_to)
        form.add_error(None, REFUSED)
    return page(request, form, status=422)


def is_fragment(request: HttpRequest) -> bool:
    """A part of a page, or a program's answer, was asked for after the session had ended."""
    return "HX-Request" in request.headers or not request.accepts("text/html")


def page(request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
    where_to = request.POST.get("next") or request.GET.get("next") or ""
    context = {"form": form, "next": where_to}
    return render(request, "accounts/sign_in.html", context, status=status)


def local_path(asked: str) -> str:
    """`asked` if it is a path of this site, else the front door (trust S10)."""
    is_path = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_path else "/"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this session; its live stream ends with it. The back button shows nothing (trust S7)."""
    person = request.user
    logout(request)
    if isinstance(person, User):
        access_changed(person)
    response = redirect("accounts:sign-in")
    response["Clear-Site-Data"] = '"cache"'
    return response


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict[str, str] | None = None,
) -> HttpResponse:
    """django-axes' answer after too many failures. Says when to try again, and of nobody else."""
    email = (credentials or {}).get("email", "")
    until = locked_until(request, email)
    minutes = ceil((until - clock.now()).total_seconds() / 60)
    context = {"until": until, "minutes": max(minutes, 1)}
    return render(request, "accounts/locked_out.html", context, status=429)


def locked_until(request: HttpRequest, email: str) -> datetime:
    """When the oldest failures no longer count: the pause after the last of them."""
    attempts = AccessAttempt.objects.filter(
        username=email, ip_address=getattr(request, "axes_ip_address", None)
    )
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or clock.now()
    until: datetime = last + get_cool_off(request)
    return until
