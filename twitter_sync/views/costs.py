"""What X costs by our count; for the owner also what it charges and what it may cost."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import admins_only, require_owner
from accounts.models import BrandAccount
from accounts.requests import SignedInRequest
from twitter_sync import spending
from twitter_sync.actions.pricing import set_cap, set_prices
from twitter_sync.billing import AS_OF
from twitter_sync.costs import all_costs, costs_of, merged, prices
from twitter_sync.forms import PricesForm


@require_safe
@admins_only
def costs(request: SignedInRequest) -> HttpResponse:
    return page(request, form_of(request))


@require_POST
@login_required
def set_prices_and_cap(request: SignedInRequest) -> HttpResponse:
    require_owner(request.user)
    form = form_of(request)
    if not form.is_valid():
        return page(request, form)
    changed = [
        set_prices(form.prices, by=request.user),
        set_cap(form.cleaned_data["cap_usd"], by=request.user),
    ]
    messages.success(request, "Saved." if any(changed) else "Nothing was changed.")
    return redirect("twitter_sync:costs")


def form_of(request: SignedInRequest) -> PricesForm:
    held = spending.current()
    typed = request.POST if request.method == "POST" else None
    return PricesForm(typed, tags=prices(), cap_usd=held.cap_usd if held else None)


def page(request: SignedInRequest, form: PricesForm) -> HttpResponse:
    """Each admin sees what their handles cost; the owner all, and what is asked for all at once."""
    brands = BrandAccount.objects.administered_by(request.user).order_by(Lower("handle"))
    found = all_costs(brands) if request.user.is_superuser else costs_of(brands)
    context = {
        "costs": found,
        "lines": merged(line for one in found for line in one.lines),
        "tags": prices(),
        "as_of": AS_OF,
        "spending": spending.current(),
        "pace": spending.pace_now(),
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "twitter_sync/costs.html", context, status=status)
