"""Pages of handles: the list, connecting one through X, and its checklist."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.access import admins_only
from accounts.models import BrandAccount
from accounts.requests import SignedInRequest, posted
from twitter_sync import consent, oauth
from twitter_sync.access import access_handle
from twitter_sync.actions.connecting import (
    BeingErased,
    RunByOthers,
    WrongHandle,
    check_again,
    connect,
)
from twitter_sync.checklist import checklist
from twitter_sync.consent import ConsentRefused
from twitter_sync.errors import XError
from twitter_sync.forms import ConnectForm
from twitter_sync.health import healths, shared_by
from twitter_sync.models import Erasure
from twitter_sync.set_aside import of_nobody
from twitter_sync.spending import pace_now


@require_safe
@admins_only
def handles(request: SignedInRequest) -> HttpResponse:
    erasures = Erasure.objects.visible_to(request.user).select_related("asked_by").distinct()
    run_here = healths(request.user)
    context = {
        "healths": run_here,
        "shared": shared_by(run_here),
        "nobodys": len(of_nobody()) if request.user.is_superuser else 0,
        "erasures": erasures[:20],
    }
    return render(request, "twitter_sync/handles.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def start(request: SignedInRequest) -> HttpResponse:
    """What is going to happen, and on POST the way to X. `?handle=` connects that one again."""
    again = request.GET.get("handle")
    brand = access_handle(request.user, again) if again else None
    form = ConnectForm(posted(request), by=request.user, initial={"brand": brand})
    if form.is_valid():
        try:
            there = consent.begin(
                request.session, by=request.user, brand=form.cleaned_data["brand"]
            )
            return redirect(there)
        except oauth.NotConfigured as error:
            form.add_error(None, error.reason)
    status = 422 if form.errors else 200
    return render(
        request, "twitter_sync/connect.html", {"form": form, "brand": brand}, status=status
    )


@require_GET
@admins_only
def callback(request: SignedInRequest) -> HttpResponse:
    """Where X sends the browser back to. A GET that writes, as OAuth has it: `state` guards it."""
    try:
        brand = finish(request)
    except ConsentRefused as refusal:
        return refused(request, str(refusal), status=400)
    except WrongHandle as conflict:
        return refused(request, str(conflict), status=409, again=conflict.expected)
    except (RunByOthers, BeingErased) as conflict:
        return refused(request, str(conflict), status=409)
    except XError as error:
        return refused(request, error.reason, status=502)
    messages.success(request, f"{brand} is connected.")
    return redirect("twitter_sync:checklist", brand.handle)


def finish(request: SignedInRequest) -> BrandAccount:
    """Raises ConsentRefused, WrongHandle, RunByOthers, BeingErased and XError."""
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    begun = consent.finish(request.session, by=request.user, state=state)
    if not code:
        raise ConsentRefused("X says that access was not given.")
    brands = BrandAccount.objects.administered_by(request.user)
    expected = brands.filter(pk=begun.brand_id).first() if begun.brand_id else None
    if begun.brand_id and not expected:
        raise ConsentRefused("You no longer run the handle that you were about to reconnect.")
    pair = oauth.exchange_code(code, verifier=begun.verifier)
    return connect(pair, by=request.user, expected=expected)


def refused(
    request: SignedInRequest, reason: str, *, status: int, again: BrandAccount | None = None
) -> HttpResponse:
    """`again` is the handle that was to be reconnected."""
    known = {"reason": reason, "brand": again}
    return render(request, "twitter_sync/connect_refused.html", known, status=status)


@require_safe
@login_required
def handle(request: SignedInRequest, handle: str) -> HttpResponse:
    """While something changes by itself, the page asks for its fragment again and again."""
    brand = access_handle(request.user, handle)
    name = "_checklist" if request.headers.get("HX-Request") else "handle"
    return render(request, f"twitter_sync/{name}.html", standing(brand))


def standing(brand: BrandAccount) -> dict[str, object]:
    """What the checklist is drawn from."""
    return {"brand": brand, "checklist": checklist(brand), "pace": pace_now()}


@require_POST
@login_required
def check(request: SignedInRequest, handle: str) -> HttpResponse:
    """A worker asks X how things stand and mends what it can; the checklist, which an htmx request
    gets alone, asks for itself until that is done."""
    brand = access_handle(request.user, handle)
    check_again(brand, replacing=request.POST.get("replacing", ""))
    if request.headers.get("HX-Request"):
        return render(request, "twitter_sync/_checklist.html", standing(brand))
    return redirect("twitter_sync:checklist", brand.handle)
