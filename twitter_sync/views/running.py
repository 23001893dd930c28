"""Pausing, resuming and disconnecting a handle."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import BrandAccount
from accounts.requests import SignedInRequest
from twitter_sync.access import access_handle
from twitter_sync.actions import disconnecting, pausing
from twitter_sync.forms import EraseForm
from twitter_sync.models import Erasure

NOT_REVOKED = (
    "{brand} is disconnected and its tokens are destroyed here, but X did not confirm that they "
    "are void there: {why} To be sure, sign in to X as {brand} and take Handled’s access away in "
    "Settings, Security and account access, Apps and sessions."
)


@require_safe
@login_required
def running(request: SignedInRequest, handle: str) -> HttpResponse:
    return page(request, access_handle(request.user, handle))


def page(
    request: SignedInRequest,
    brand: BrandAccount,
    *,
    problem: str = "",
    erase_form: EraseForm | None = None,
) -> HttpResponse:
    """With a problem it answers 409, with a refused form 422."""
    status = 409 if problem else 422 if erase_form else 200
    context = {
        "brand": brand,
        "problem": problem,
        "erasure": Erasure.objects.visible_to(request.user).under_way().filter(brand=brand).first(),
        "erase_form": erase_form or EraseForm(brand=brand),
        "lines": brand.events.select_related("actor")[:20],
    }
    return render(request, "twitter_sync/running.html", context, status=status)


@require_POST
@login_required
def pause(request: SignedInRequest, handle: str) -> HttpResponse:
    return switch(request, handle, pausing.pause, "{brand} is paused. Replies wait in their place.")


@require_POST
@login_required
def resume(request: SignedInRequest, handle: str) -> HttpResponse:
    return switch(request, handle, pausing.resume, "{brand} is resumed. What waited goes out now.")


def switch(
    request: SignedInRequest,
    handle: str,
    deed: Callable[..., BrandAccount],
    said: str,
) -> HttpResponse:
    brand = access_handle(request.user, handle)
    try:
        deed(brand, by=request.user)
    except pausing.NotRunning as refusal:
        return page(request, fresh(brand), problem=str(refusal))
    messages.success(request, said.format(brand=brand))
    return redirect("twitter_sync:running", brand.handle)


@require_POST
@login_required
def disconnect(request: SignedInRequest, handle: str) -> HttpResponse:
    brand = access_handle(request.user, handle)
    tell(request, brand, disconnecting.disconnect(brand, by=request.user))
    return redirect("twitter_sync:running", brand.handle)


def tell(request: SignedInRequest, brand: BrandAccount, doubt: str) -> None:
    """What became of the tokens; `doubt` is why X may still take them."""
    if doubt:
        messages.warning(request, NOT_REVOKED.format(brand=brand, why=doubt))
    else:
        messages.success(request, f"{brand} is disconnected. Its tokens are void.")


def fresh(brand: BrandAccount) -> BrandAccount:
    brand.refresh_from_db()
    return brand
