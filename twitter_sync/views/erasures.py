"""Erasing a handle, and how far that is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import SignedInRequest
from twitter_sync.access import access_handle
from twitter_sync.actions import erasing
from twitter_sync.forms import EraseForm
from twitter_sync.models import Erasure
from twitter_sync.views import running


@require_POST
@login_required
def erase(request: SignedInRequest, handle: str) -> HttpResponse:
    """The handle must be typed, so that nobody erases the wrong one by a slip."""
    brand = access_handle(request.user, handle)
    form = EraseForm(request.POST, brand=brand)
    if not form.is_valid():
        return running.page(request, brand, erase_form=form)
    erasure, doubt = erasing.erase(brand, by=request.user)
    running.tell(request, brand, doubt)
    return redirect("twitter_sync:erasure", erasure.pk)


@require_safe
@login_required
def erasure(request: SignedInRequest, pk: int) -> HttpResponse:
    """Its page; the page asks for the fragment again and again while it goes on."""
    found = get_object_or_404(
        Erasure.objects.visible_to(request.user).select_related("asked_by"), pk=pk
    )
    name = "_erasure" if request.headers.get("HX-Request") else "erasure"
    return render(request, f"twitter_sync/{name}.html", {"erasure": found})
