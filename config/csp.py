"""The content security policy: one for every answer, with the import map's hash in it.

The hash depends on the addresses of static files, which storage can tell only after settings are
read; django-csp joins plain strings, so a lazy value in settings is not possible. Its middleware
joins them anew for each answer, in case that a view changes the policy: none of ours does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse

from config.importmap import importmap_hash


class ContentSecurityPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # What customers sent is given out under one that is stricter.
        response.headers.setdefault(HEADER, policy())
        return response


@cache
def policy() -> str:
    return build_policy(update={"script-src": [importmap_hash()]})
