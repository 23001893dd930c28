"""How the desk answers: the conversation as it is now, and a word about what did not go through."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox.models import Conversation
from inbox.timeline import PAGE_SIZE
from inbox.views.place import place_of
from inbox.views.showing import show
from inbox.views.signed_in import person


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not taken; shown in that form, above what was typed. No thread: the note."""

    text: str
    thread_id: int | None = None
    tone: str = "danger"


def conversation_answer(
    request: HttpRequest,
    conversation: Conversation,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    toast: str = "",
) -> HttpResponse:
    """The fragment of one conversation. A refusal comes with the truth as it is now."""
    showing = show(person(request), conversation, shown=shown_by(request))
    answer = render(
        request,
        "inbox/_conversation.html",
        {"showing": showing, "place": place_of(request), "refusal": refusal},
        status=status,
    )
    if toast:
        tone = "warning" if status >= 400 else "success"
        answer["HX-Trigger"] = json.dumps({"toast": {"text": toast, "tone": tone, "seconds": 8}})
    return answer


def shown_by(request: HttpRequest) -> int:
    """How many messages the page has on it, so that a refresh shows no fewer."""
    asked = request.GET.get("shown", request.headers.get("Desk-Shown", ""))
    return int(asked) if asked.isdecimal() and len(asked) < 10 else PAGE_SIZE
