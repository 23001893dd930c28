"""Files for a reply, on their way from the browser: the body of a request is the file itself, so
that whoever may not write here is told so before a byte of it is read."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import access_conversation, access_enclosure, access_thread
from inbox.actions.enclosing import EnclosureGone, describe, enclose, remove, short
from inbox.forms import AltTextForm
from inbox.media.sendable import NotSendable, TooManyFiles, largest_of_all, limits
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in

PIECE_BYTES = 256 * 1024
KEPT_IN_MEMORY = 8 * 1024 * 1024


@require_POST
@signed_in
def enclosures(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers with its address beside the conversation; why one is not taken, in plain text. 409:
    it would be, with fewer beside it."""
    user = person(request)
    thread = access_thread(user, pk)
    name = unquote(request.headers.get("X-File-Name", ""))
    try:
        with cast(BinaryIO, SpooledTemporaryFile(KEPT_IN_MEMORY)) as content:
            receive(request, content, name)
            chosen = enclose(thread, by=user, name=name, content=content)
    except UnreadablePostError:
        return told("The file did not arrive whole. Attach it again.", 400)
    except TooManyFiles as refusal:
        return told(str(refusal), 409)
    except NotSendable as refusal:
        return told(str(refusal), 422)
    except EnclosureGone as gone:
        return told(str(gone), 404)
    fresh = access_conversation(user, thread.conversation_id)
    answer = conversation_answer(request, fresh, status=201)
    answer["Location"] = reverse("inbox:enclosure", args=[chosen.pk])
    return answer


def receive(request: HttpRequest, into: BinaryIO, name: str) -> None:
    """Raises NotSendable for what is longer than anything that X takes, and UnreadablePostError for
    what ends before it should, as when its sender thought better of it."""
    most, count = largest_of_all(), 0
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > most:
        raise NotSendable(f"“{short(name)}” {limits()}")
    while piece := request.read(PIECE_BYTES):
        count += len(piece)
        if count > most:
            raise NotSendable(f"“{short(name)}” {limits()}")
        into.write(piece)
    if count < length:
        raise UnreadablePostError


def told(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


@require_http_methods(["POST", "DELETE"])
@signed_in
def enclosure(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    chosen = access_enclosure(user, pk)
    if request.method == "DELETE":
        remove(chosen, by=user)
        fresh = access_conversation(user, chosen.thread.conversation_id)
        return conversation_answer(request, fresh)
    form = AltTextForm(request.POST)
    if not form.is_valid():
        return told("A description has 1,000 characters at most. Shorten it.", 422)
    try:
        describe(chosen, by=user, alt_text=form.cleaned_data["alt_text"])
    except EnclosureGone as gone:
        return told(str(gone), 404)
    return HttpResponse(status=204)
