"""Who has it: POST claims or gives, DELETE gives back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from accounts.models import User
from inbox.access import access_conversation
from inbox.actions.assignment import AlreadyAssigned, NotAMember, assign, claim, unassign
from inbox.actions.recording import MergedAway
from inbox.forms import AssignmentForm
from inbox.models import Conversation
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def assignment(request: HttpRequest, number: int) -> HttpResponse:
    conversation = access_conversation(person(request), number)
    try:
        if request.method == "DELETE":
            unassign(conversation, by=person(request))
        else:
            hand_over(request, conversation)
    except (AlreadyAssigned, NotAMember, MergedAway) as refusal:
        return answer(request, number, status=409, toast=str(refusal))
    return answer(request, number)


def hand_over(request: HttpRequest, conversation: Conversation) -> None:
    user, form = person(request), AssignmentForm(request.POST)
    if not form.is_valid() or form.cleaned_data["assignee"] is None:
        claim(conversation, by=user)
        return
    colleague = get_object_or_404(User.objects.visible_to(user), pk=form.cleaned_data["assignee"])
    if "held_by" in form.data:
        assign(conversation, to=colleague, by=user, held_by=form.cleaned_data["held_by"])
    else:
        assign(conversation, to=colleague, by=user)


def answer(
    request: HttpRequest, number: int, *, status: int = 200, toast: str = ""
) -> HttpResponse:
    fresh = access_conversation(person(request), number)
    return conversation_answer(request, fresh, status=status, toast=toast)
