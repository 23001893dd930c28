"""One conversation: as a page of its own address, and as the fragment that a click asks for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from inbox.access import access_conversation
from inbox.desk import PAGE_SIZE
from inbox.live import now_us
from inbox.reach import ask_about
from inbox.views.answers import conversation_answer
from inbox.views.listing import list_context
from inbox.views.place import place_of
from inbox.views.showing import show
from inbox.views.shown import messages_shown
from inbox.views.signed_in import is_fragment, person, signed_in


@require_GET
@signed_in
def conversation_detail(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    conversation = access_conversation(user, number)
    if is_fragment(request):
        return conversation_answer(request, conversation)
    context = list_context(user, place_of(request), size=PAGE_SIZE) | {
        "showing": show(user, conversation, shown=messages_shown(request)),
        "refusal": None,
        "since": now_us(),
    }
    return render(request, "inbox/desk.html", context)


@require_POST
@signed_in
def reach(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody may be about to write: has X asked whether it would carry it. The page hears of it
    as of any news."""
    ask_about(access_conversation(person(request), number))
    return HttpResponse(status=204)
