"""Blocking the person of a conversation for direct messages, from the desk and from their page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inbox.access import access_conversation
from inbox.actions import blocking
from inbox.forms import BlockForm
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import is_fragment, person, signed_in


@require_POST
@signed_in
def block(request: HttpRequest, number: int) -> HttpResponse:
    """The desk gets its conversation, the person's page is shown again."""
    user, form = person(request), BlockForm(request.POST)
    conversation = access_conversation(user, number)
    if not form.is_valid():
        words = "This page is out of date. Reload it."
        return conversation_answer(request, conversation, status=422, toast=words)
    deed = blocking.block if form.cleaned_data["blocked"] else blocking.unblock
    deed(conversation, by=user)
    if is_fragment(request):
        return conversation_answer(request, access_conversation(user, number))
    return redirect("inbox:contact", conversation.contact_id)
