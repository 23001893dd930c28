"""Whether a handle is well, and another try for what X told and nobody understood."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require_owner
from accounts.requests import SignedInRequest
from config.wording import count_of
from twitter_sync.access import access_handle
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.health import health_page
from twitter_sync.set_aside import of_nobody, set_aside_of


@require_safe
@login_required
def health(request: SignedInRequest, handle: str) -> HttpResponse:
    """The page asks for its fragment again and again: everything on it may change by itself."""
    brand = access_handle(request.user, handle)
    context = {"brand": brand, "page": health_page(brand, request.user)}
    name = "_health" if request.headers.get("HX-Request") else "health"
    return render(request, f"twitter_sync/{name}.html", context)


@require_POST
@login_required
def try_again(request: SignedInRequest, handle: str) -> HttpResponse:
    """One row that was set aside, by its `id`, or all of the handle's."""
    brand = access_handle(request.user, handle)
    ids = list(set_aside_of(brand).values_list("pk", flat=True))
    if chosen := request.POST.get("id", ""):
        ids = [pk for pk in ids if str(pk) == chosen]
        if not ids:
            raise Http404
    tell(request, replay_dead(ids=ids))
    return redirect("twitter_sync:health", brand.handle)


@require_POST
@login_required
def try_nobodys_again(request: SignedInRequest) -> HttpResponse:
    """All rows that X told to no handle that is known here."""
    require_owner(request.user)
    tell(request, replay_dead(ids=of_nobody()))
    return redirect("twitter_sync:handles")


def tell(request: SignedInRequest, count: int) -> None:
    done = "is tried again" if count == 1 else "are tried again"
    messages.success(request, f"{count_of(count, 'event')} {done}.")
