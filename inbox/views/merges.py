"""Making two conversations one, undoing that, and splitting a thread off."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import access_conversation, access_thread
from inbox.actions.merging import AlreadyMerged, NotTheSame, OnItsWay, merge, unmerge
from inbox.actions.recording import MergedAway
from inbox.actions.splitting import OnlyThread, split
from inbox.forms import MergeForm
from inbox.views.answers import conversation_answer
from inbox.views.place import place_of
from inbox.views.signed_in import is_fragment, person, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def merges(request: HttpRequest, number: int) -> HttpResponse:
    """POST merges it into another and leads there, DELETE undoes that and leads back."""
    user, form = person(request), MergeForm(request.POST)
    conversation = access_conversation(user, number)
    is_undo = request.method == "DELETE"
    if not is_undo and not form.is_valid():
        return refused(request, number, "This page is out of date. Reload it.", status=422)
    try:
        if is_undo:
            unmerge(conversation, by=user)
            return gone_to(request, number)
        into = access_conversation(user, form.cleaned_data["into"])
        merge(conversation, into=into, by=user)
    except NotTheSame as refusal:
        return refused(request, number, str(refusal), status=422)
    except (AlreadyMerged, MergedAway, OnItsWay) as refusal:
        return refused(request, number, str(refusal), status=409)
    return gone_to(request, into.number)


@require_POST
@signed_in
def thread_split(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    thread = access_thread(user, pk)
    try:
        apart = split(thread, by=user)
    except (OnlyThread, OnItsWay) as refusal:
        return refused(request, thread.conversation_id, str(refusal), status=409)
    return gone_to(request, apart.number)


def gone_to(request: HttpRequest, number: int) -> HttpResponse:
    """The page of the conversation in which it goes on."""
    address = reverse("inbox:conversation-detail", args=[number]) + place_of(request).query()
    if not is_fragment(request):
        return redirect(address)
    return HttpResponse(headers={"HX-Redirect": address})


def refused(request: HttpRequest, number: int, words: str, *, status: int) -> HttpResponse:
    fresh = access_conversation(person(request), number)
    return conversation_answer(request, fresh, status=status, toast=words)
