"""Deleting on X what was sent as the handle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import access_conversation, access_message
from inbox.actions.deleting import CannotDelete, delete
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in


@require_POST
@signed_in
def deletion(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    message = access_message(user, pk)
    status, toast = 200, ""
    try:
        delete(message, by=user)
    except CannotDelete as refusal:
        status, toast = 422, str(refusal)
    fresh = access_conversation(user, message.conversation_id)
    return conversation_answer(request, fresh, status=status, toast=toast)
