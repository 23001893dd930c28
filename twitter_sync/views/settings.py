"""The page on which a handle's admins say how it is to be run."""

from __future__ import annotations

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest, posted
from twitter_sync.access import access_handle
from twitter_sync.actions.adjusting import adjust
from twitter_sync.actions.finding import found
from twitter_sync.forms import SettingsForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def settings(request: SignedInRequest, handle: str) -> HttpResponse:
    brand = access_handle(request.user, handle)
    form = SettingsForm(posted(request), brand=brand)
    if form.is_valid():
        changed = adjust(brand, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved." if changed else "Nothing was changed.")
        return redirect("twitter_sync:settings", brand.handle)
    context = {
        "brand": brand,
        "form": form,
        "lines": brand.events.select_related("actor")[:10],
        "refused_rules": brand.stream_rules.exclude(failure=""),
        "found": found(brand) if brand.keywords else None,
        "is_streamed": configured.X_STREAM,
    }
    status = 422 if form.is_bound else 200
    return render(request, "twitter_sync/settings.html", context, status=status)
