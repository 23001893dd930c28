"""Who may ask at all, and how a fragment is told that its person is signed out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.models import User

Answer = TypeVar("Answer", bound=HttpResponseBase)


def signed_in(view: Callable[..., Answer]) -> Callable[..., Answer | HttpResponse]:
    """Sends strangers to sign in. A request of a page that is open gets 401 instead, so that the
    sign-in page never ends up inside the desk and nothing typed is lost."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if is_fragment(request):
            return HttpResponse("Sign in again.", status=401, content_type="text/plain")
        return redirect_to_login(request.get_full_path())

    return checked


def is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def person(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    return cast(User, request.user)
