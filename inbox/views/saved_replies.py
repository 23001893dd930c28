"""What a team says often, as JSON: listed for the composer, written by managers'
programs; their pages are `saved_reply_pages`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from inbox.access import access_brand, access_saved_reply
from inbox.actions.saved_replies import (
    SavedReplyGone,
    SavedReplyRefused,
    ShortcutTaken,
    add_saved_reply,
    change_saved_reply,
    remove_saved_reply,
)
from inbox.forms import SavedReplyForm
from inbox.models import SavedReply
from inbox.views.signed_in import person, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def saved_replies(request: HttpRequest, pk: int) -> HttpResponse:
    """Those of a brand, by their shortcuts; `?kind=dm` or `public`: those that suit it. On POST
    there is one more."""
    user = person(request)
    brand = access_brand(user, pk)
    if request.method == "POST":
        return written(request, lambda fields: add_saved_reply(brand, by=user, **fields), 201)
    found = SavedReply.objects.visible_to(user).filter(brand=brand)
    if kind := request.GET.get("kind"):
        found = found.for_kind(kind)
    return JsonResponse({"saved_replies": [told(saved) for saved in found]})


@require_http_methods(["POST", "DELETE"])
@signed_in
def saved_reply(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    saved = access_saved_reply(user, pk)
    try:
        if request.method == "DELETE":
            remove_saved_reply(saved, by=user)
            return HttpResponse(status=204)
        return written(request, lambda fields: change_saved_reply(saved, by=user, **fields), 200)
    except SavedReplyGone as gone:
        raise Http404 from gone


def written(request: HttpRequest, write: Any, status: int) -> JsonResponse:
    form = SavedReplyForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"wrong": form.errors}, status=422)
    try:
        saved = write(form.cleaned_data)
    except SavedReplyRefused as error:
        wrong = {error.field or NON_FIELD_ERRORS: [str(error)]}
        is_taken = isinstance(error, ShortcutTaken)
        return JsonResponse({"wrong": wrong}, status=409 if is_taken else 422)
    return JsonResponse(told(saved), status=status)


def told(saved: SavedReply) -> dict[str, Any]:
    return {
        "id": saved.pk,
        "shortcut": saved.shortcut,
        "kind": saved.kind,
        "text": saved.text,
    }
