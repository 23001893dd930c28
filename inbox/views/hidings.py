"""Hiding an answer on X, and showing it again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import access_conversation, access_message
from inbox.actions.hiding import CannotHide, hide, unhide
from inbox.forms import HidingForm
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in


@require_POST
@signed_in
def hiding(request: HttpRequest, pk: int) -> HttpResponse:
    user, form = person(request), HidingForm(request.POST)
    message = access_message(user, pk)
    status, toast = 200, ""
    if form.is_valid():
        try:
            (hide if form.cleaned_data["hidden"] else unhide)(message, by=user)
        except CannotHide as refusal:
            status, toast = 422, str(refusal)
    else:
        status, toast = 422, "This page is out of date. Reload it."
    fresh = access_conversation(user, message.conversation_id)
    return conversation_answer(request, fresh, status=status, toast=toast)
