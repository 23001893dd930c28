"""Two conversations that belong together: linked, and not any more."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import access_conversation
from inbox.actions.linking import NotLinkable, link, unlink
from inbox.actions.recording import MergedAway
from inbox.forms import LinkForm
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in


@require_POST
@signed_in
def links(request: HttpRequest, number: int) -> HttpResponse:
    """Whether a number is nobody's or somebody else's, the words are the same."""
    user, form = person(request), LinkForm(request.POST)
    conversation, toast, status = access_conversation(user, number), "", 200
    try:
        if not form.is_valid():
            raise NotLinkable("Write the number of the other conversation.")
        other = access_conversation(user, form.cleaned_data["other"])
        link(conversation, other=other, by=user)
    except Http404:
        toast, status = f"You see no conversation #{form.cleaned_data['other']}.", 422
    except NotLinkable as refusal:
        toast, status = str(refusal), 422
    except MergedAway as refusal:
        toast, status = str(refusal), 409
    fresh = access_conversation(user, number)
    return conversation_answer(request, fresh, status=status, toast=toast)


@require_http_methods(["DELETE"])
@signed_in
def linked(request: HttpRequest, number: int, other: int) -> HttpResponse:
    user = person(request)
    conversation = access_conversation(user, number)
    unlink(conversation, other=access_conversation(user, other), by=user)
    return conversation_answer(request, access_conversation(user, number))
