"""How the desk answers: the conversation as it is now, and a word about what did not go through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox.actions.chaining import as_typed, whole_of
from inbox.actions.inviting import link_of
from inbox.guards.candidate import Despite, Stopped
from inbox.models import Conversation, Message
from inbox.views.place import place_of
from inbox.views.showing import Showing, show
from inbox.views.shown import messages_shown
from inbox.views.signed_in import person


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not taken; shown in that form, above what was typed. No thread: the note."""

    text: str
    thread_id: int | None = None
    tone: str = "danger"
    # Said by the preview of a chain as well, of what is typed then.
    is_of_length: bool = False
    # What a guard said, whether its word may be disregarded, the reason that was given for other
    # words, and why others' were.
    stopped: Stopped | None = None
    may_overrule: bool = False
    reason: str = ""
    despite: Mapping[str, Despite] = field(default_factory=dict)


def conversation_answer(
    request: HttpRequest,
    conversation: Conversation,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
    toast: str = "",
    taken_back: Message | None = None,
    words: str | None = None,
) -> HttpResponse:
    """The fragment of one conversation. A refusal comes with the truth as it is now; the words of a
    reply that was `taken_back` go back to the composer, or the `words` typed in place of them."""
    showing = show(person(request), conversation, shown=messages_shown(request))
    answer = render(
        request,
        "inbox/_conversation.html",
        {"showing": showing, "place": place_of(request), "refusal": refusal},
        status=status,
    )
    said: dict[str, Any] = {}
    if toast:
        tone = "warning" if status >= 400 else "success"
        said["toast"] = {"text": toast, "tone": tone, "seconds": 8}
    if taken_back:
        said["takenback"] = words_back(showing, taken_back, words)
    if said:
        # Told to the page: the button that was pressed may be gone by now.
        said = {name: detail | {"target": "body"} for name, detail in said.items()}
        answer["HX-Trigger"] = json.dumps(said)
    return answer


def words_back(showing: Showing, message: Message, words: str | None = None) -> dict[str, Any]:
    """Into which form of which conversation's composer the words of a message go, or those typed in
    place of them, and whom they answered. Of a chain, they are those of all parts that were taken
    back; `clientKey` is that of the draft which they were, `inThread` whether the page shows them.
    """
    whole = whole_of(message)
    # The link of an invitation comes back with the next press of its button.
    link = link_of(whole[-1])
    answers = message.answers_external_id
    if words is not None or not hasattr(message, "part"):
        said = message.plain_text if words is None else words
        text = said.removesuffix(link).strip()
    else:
        taken = [one for one in whole if one.state == Message.State.CANCELLED]
        text, answers = as_typed(taken, tail=link).strip(), taken[0].answers_external_id
    return {
        "conversation": showing.conversation.number,
        "path": showing.key_of(message),
        "text": text,
        "answering": answers or "",
        "clientKey": str(whole[0].client_key),
        "inThread": words is None,
    }
