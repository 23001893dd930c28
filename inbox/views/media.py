"""The files of what people send, to those who may read the conversation, and to nobody else.

A picture or a film is shown in our own pages; whoever opens its address alone gets a page without
rights, and what we can't tell the kind of is saved, never shown (trust X3).
"""

from __future__ import annotations

from http import HTTPStatus

import structlog
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from inbox.access import access_attachment, access_conversation, access_media_file
from inbox.actions.fetching import try_again
from inbox.media.files import part
from inbox.media.kinds import UNKNOWN, extension_of
from inbox.media.ranges import NotThere, Range, asked_range
from inbox.models import MediaFile
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in

# Nothing may run, load or be framed where a file is opened by itself.
POLICY = "sandbox; default-src 'none'"
# Kept by this browser alone, and asked for each time: whoever may not see it any more doesn't.
CACHING = "private, no-cache"

log = structlog.get_logger(__name__)


@require_safe
@signed_in
def media(request: HttpRequest, key: str) -> HttpResponseBase:
    file = access_media_file(person(request), key)
    tag = f'"{file.key}"'
    try:
        asked = asked_range(request.headers.get("Range", ""), file.size)
    except NotThere:
        return with_headers(no_such_part(file), file, tag)
    if request.headers.get("If-Range", tag) != tag:
        asked = None
    unchanged = get_conditional_response(request, etag=tag)
    answer = unchanged or content(file, asked)
    return with_headers(answer, file, tag)


def content(file: MediaFile, asked: Range | None) -> HttpResponseBase:
    """All of it, or the part that was asked for."""
    which = asked or Range(0, file.size - 1)
    try:
        pieces = part(file, which.first, which.count)
    except FileNotFoundError:
        log.error("a file of media is missing", file=file.pk)
        raise Http404 from None
    answer = StreamingHttpResponse(pieces, content_type=file.media_type)
    answer["Content-Length"] = str(which.count)
    if asked is not None:
        answer.status_code = HTTPStatus.PARTIAL_CONTENT
        answer["Content-Range"] = f"bytes {which.first}-{which.last}/{file.size}"
    return answer


def no_such_part(file: MediaFile) -> HttpResponse:
    answer = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
    answer["Content-Range"] = f"bytes */{file.size}"
    return answer


def with_headers(answer: HttpResponseBase, file: MediaFile, tag: str) -> HttpResponseBase:
    name = f"{file.role}-{file.pk}{extension_of(file.media_type)}"
    is_saved = file.media_type == UNKNOWN
    answer["Content-Disposition"] = content_disposition_header(is_saved, name) or "attachment"
    answer["Content-Security-Policy"] = POLICY
    answer["Cache-Control"] = CACHING
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = tag
    return answer


@require_POST
@signed_in
def attachment_retry(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    attachment = access_attachment(user, pk)
    try_again(attachment, by=user)
    fresh = access_conversation(user, attachment.message.conversation_id)
    return conversation_answer(request, fresh)
