"""Error pages. Programs and fragments of the desk get the same words without the page."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template

WORDS = {
    400: "That request wasn't understood.",
    403: "Your role doesn't include this.",
    404: "There is no such page, or it belongs to a handle you don't work on.",
    405: "This page doesn't take that kind of request.",
    500: "Something broke on our side. It has been logged.",
}
STALE_FORM = "This form was open too long, or came from elsewhere. Reload the page and try again."


def answer(request: HttpRequest, status: int, words: str = "", page: str = "") -> HttpResponse:
    """The page for people, JSON for programs, one line of text for fragments and the rest.

    Drawn without context processors: a page about an error must not need what may be broken.
    """
    words = words or WORDS[status]
    if "HX-Request" in request.headers:
        return HttpResponse(f"{words}\n", "text/plain; charset=utf-8", status)
    if request.accepts("text/html"):
        html = get_template(page or f"errors/{status}.html").render({"request": request})
        return HttpResponse(html, status=status)
    if request.accepts("application/json"):
        return JsonResponse({"status": status, "error": words}, status=status)
    return HttpResponse(f"{words}\n", "text/plain; charset=utf-8", status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The sentence of a PermissionDenied of ours is meant for the person who reads it."""
    said = str(exception) if isinstance(exception, PermissionDenied) else ""
    return answer(request, 403, said)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A POST without the right CSRF token."""
    return answer(request, 403, STALE_FORM, page="errors/stale_form.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(request, 500)


class MethodNotAllowedPage:
    """Django's 405 is empty; people get a page that says where to go."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.content:
            return response
        page = answer(request, 405)
        page["Allow"] = response["Allow"]
        return page
