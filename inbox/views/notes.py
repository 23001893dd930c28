"""Notes for colleagues."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import access_conversation
from inbox.actions.drafts import AlreadySent
from inbox.actions.notes import EmptyNote, NoteTooLong, add_note
from inbox.actions.recording import MergedAway
from inbox.forms import NoteForm
from inbox.views.answers import Refusal, conversation_answer
from inbox.views.signed_in import person, signed_in


@require_POST
@signed_in
def notes(request: HttpRequest, number: int) -> HttpResponse:
    user, form = person(request), NoteForm(request.POST)
    conversation = access_conversation(user, number)
    if not form.is_valid():
        lost = Refusal("This page is out of date. Reload it; your text is kept.")
        return conversation_answer(request, conversation, status=422, refusal=lost)
    try:
        add_note(conversation, by=user, **form.cleaned_data)
    except (EmptyNote, NoteTooLong) as error:
        refusal = Refusal(str(error))
        return conversation_answer(request, conversation, status=422, refusal=refusal)
    except (AlreadySent, MergedAway) as error:
        refusal = Refusal(str(error))
        return conversation_answer(request, conversation, status=409, refusal=refusal)
    return conversation_answer(request, access_conversation(user, number))
