"""The pages of what a team says often: its people read it there, its managers write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock
from accounts.access import has_role, require_role
from accounts.models import BrandAccount, Role
from accounts.requests import posted
from inbox.access import access_brand_called
from inbox.actions.saved_replies import (
    SavedReplyChanged,
    SavedReplyGone,
    SavedReplyRefused,
    add_saved_reply,
    change_saved_reply,
    remove_saved_reply,
)
from inbox.forms import SavedReplyChangeForm, SavedReplyForm, SavedReplyRemovalForm
from inbox.funnel import managed_by
from inbox.models import SavedReply, SavedReplyUse
from inbox.views.signed_in import person, signed_in

USED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Listed:
    """`uses` is how many answers of the last 30 days were begun with it."""

    saved: SavedReply
    uses: int


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """On to a handle that the person manages, else to one that they work on."""
    user = person(request)
    brand = next(iter(managed_by(user)), None) or BrandAccount.objects.visible_to(user).first()
    if brand is None:
        raise PermissionDenied("Saved replies are a handle’s, and you work on none.")
    return redirect("inbox:saved-replies-of", brand.handle)


@require_GET
@signed_in
def listing(request: HttpRequest, handle: str) -> HttpResponse:
    return shown(request, access_brand_called(person(request), handle))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: HttpRequest, handle: str) -> HttpResponse:
    brand, form = managed(request, handle), SavedReplyForm(posted(request))
    if form.is_valid():
        try:
            saved = add_saved_reply(brand, by=person(request), **form.cleaned_data)
        except SavedReplyRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, f"/{saved.shortcut} is there for everybody on {brand}.")
            return redirect("inbox:saved-replies-of", brand.handle)
    return written(request, brand, form)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, handle: str, pk: int) -> HttpResponse:
    brand, saved = chosen(request, handle, pk)
    form = SavedReplyChangeForm(posted(request), initial=words_of(saved) if saved else {})
    if saved is None:
        return gone(request, brand, form)
    try:
        if form.is_valid():
            changed = change_saved_reply(saved, by=person(request), **form.cleaned_data)
            messages.success(request, f"/{changed.shortcut} is saved.")
            return redirect("inbox:saved-replies-of", brand.handle)
    except SavedReplyRefused as refusal:
        form.add_error(refusal.field, str(refusal))
    except SavedReplyChanged as change:
        return written(request, brand, form, saved=saved, newer=change.saved)
    except SavedReplyGone:
        return gone(request, brand, form)
    return written(request, brand, form, saved=saved)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def removal(request: HttpRequest, handle: str, pk: int) -> HttpResponse:
    """Asks first; on POST it is gone."""
    brand, saved = chosen(request, handle, pk)
    form = SavedReplyRemovalForm(posted(request))
    if saved is None:
        return gone(request, brand)
    try:
        if form.is_valid():
            remove_saved_reply(saved, by=person(request), **form.cleaned_data)
            messages.success(request, f"/{saved.shortcut} is removed.")
            return redirect("inbox:saved-replies-of", brand.handle)
    except SavedReplyChanged as change:
        context = {"brand": brand, "saved": change.saved, "is_newer": True}
        return render(request, "inbox/saved_reply_removal.html", context, status=409)
    except SavedReplyGone:
        return gone(request, brand)
    context = {"brand": brand, "saved": saved, "is_newer": False}
    return render(request, "inbox/saved_reply_removal.html", context)


def managed(request: HttpRequest, handle: str) -> BrandAccount:
    """Raises Http404 to who doesn't work on the handle, PermissionDenied to its agents."""
    brand = access_brand_called(person(request), handle)
    require_role(person(request), brand, Role.MANAGER)
    return brand


def chosen(request: HttpRequest, handle: str, pk: int) -> tuple[BrandAccount, SavedReply | None]:
    """The handle, and what it has under that key: None to its managers where nothing is left.
    Raises Http404, and PermissionDenied to agents who see it."""
    user, brand = person(request), access_brand_called(person(request), handle)
    found = SavedReply.objects.visible_to(user).filter(brand=brand).select_related("changed_by")
    saved = found.filter(pk=pk).first()
    if saved is None and not has_role(user, brand, Role.MANAGER):
        raise Http404
    require_role(user, brand, Role.MANAGER)
    return brand, saved


def words_of(saved: SavedReply) -> dict[str, str]:
    return {"shortcut": saved.shortcut, "text": saved.text, "kind": saved.kind}


# What is answered


def shown(request: HttpRequest, brand: BrandAccount, *, status: int = 200) -> HttpResponse:
    """All of them: a handle has so many at most (`inbox.actions.saved_replies`)."""
    user = person(request)
    found = SavedReply.objects.visible_to(user).filter(brand=brand).select_related("changed_by")
    since = clock.now() - USED_WITHIN
    uses = SavedReplyUse.objects.visible_to(user).of(brand, since=since).counted()
    context = {
        "brand": brand,
        "brands": BrandAccount.objects.visible_to(user),
        "listed": [Listed(saved, uses.get(saved.pk, 0)) for saved in found],
        "may_write": has_role(user, brand, Role.MANAGER),
    }
    return render(request, "inbox/saved_replies.html", context, status=status)


def written(
    request: HttpRequest,
    brand: BrandAccount,
    form: SavedReplyForm,
    *,
    saved: SavedReply | None = None,
    newer: SavedReply | None = None,
    is_gone: bool = False,
) -> HttpResponse:
    """The form, with what was typed. `newer` is what somebody else made of it meanwhile, which the
    next try is to replace."""
    looked_at = newer or saved
    seen_at = looked_at.changed_at.isoformat() if looked_at else ""
    if saved and not newer:
        seen_at = request.POST.get("seen_at") or seen_at
    context = {
        "brand": brand,
        "form": form,
        "saved": saved,
        "newer": newer,
        "seen_at": seen_at,
        "is_gone": is_gone,
    }
    status = 404 if is_gone else 409 if newer else 422 if form.is_bound else 200
    return render(request, "inbox/saved_reply.html", context, status=status)


def gone(
    request: HttpRequest, brand: BrandAccount, form: SavedReplyForm | None = None
) -> HttpResponse:
    """Somebody removed it, or it never was this handle's: who typed has it still, to add it anew.
    Raises Http404 to who only looks."""
    if request.method != "POST":
        raise Http404
    if form is not None:
        return written(request, brand, form, is_gone=True)
    messages.info(request, "It is not there any more.")
    return shown(request, brand, status=404)
