"""What somebody types, as JSON: saved while they type, and told to them alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from inbox.access import access_conversation
from inbox.actions.drafts import AlreadySent, ChangedElsewhere, DraftTooLong, save_draft
from inbox.actions.recording import MergedAway
from inbox.forms import DraftForm
from inbox.models import Conversation, Draft
from inbox.views.signed_in import person, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def drafts(request: HttpRequest, number: int) -> JsonResponse:
    """Those of the person who asks, by mode. On POST one is kept: its `version`, 0 where nothing is
    left to keep. 409 says what there is instead: `draft`, as it was changed elsewhere (None with a
    `version`: it was emptied); `rest`, what was not sent yet (`differs`: all of it, other words
    were sent); or `merged`, where the conversation went.
    """
    user = person(request)
    conversation = access_conversation(user, number)
    if request.method != "POST":
        return JsonResponse({"drafts": drafts_of(user, conversation)})
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"wrong": "This page is out of date. Reload it."}, status=422)
    try:
        draft = save_draft(conversation, by=user, **form.cleaned_data)
    except DraftTooLong as error:
        return JsonResponse({"wrong": str(error)}, status=422)
    except AlreadySent as error:
        return JsonResponse({"rest": error.rest, "differs": error.differs}, status=409)
    except ChangedElsewhere as error:
        other = told(error.draft) if error.draft else None
        return JsonResponse({"draft": other, "version": error.version}, status=409)
    except MergedAway as error:
        return JsonResponse({"merged": error.merge.target_id}, status=409)
    return JsonResponse({"version": draft.version if draft else 0})


def drafts_of(user: User, conversation: Conversation) -> dict[str, dict[str, Any]]:
    kept = Draft.objects.visible_to(user).filter(conversation=conversation)
    return {draft.mode: told(draft) for draft in kept}


def told(draft: Draft) -> dict[str, Any]:
    """As the browser keeps it (static/js/controllers/draft.js)."""
    return {
        "text": draft.text,
        "clientKey": str(draft.client_key),
        "answering": draft.answering,
        "seen": str(draft.seen_through) if draft.seen_through else "",
        "version": draft.version,
    }
