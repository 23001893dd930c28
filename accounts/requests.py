"""What views ask of a request."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from accounts.models import User


class SignedInRequest(HttpRequest):
    """The request of a person who is signed in, for views behind `login_required`."""

    user: User


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing when the page is only looked at."""
    return request.POST if request.method == "POST" else None
