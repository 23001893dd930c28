"""The content security policy, with the import map's hash added at the first answer.

The hash depends on the addresses of static files, which storage can tell only after settings are
read; django-csp joins plain strings, so a lazy value in settings is not possible.
"""

from __future__ import annotations

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.importmap import importmap_hash


class ContentSecurityPolicy(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            asked = dict(parts.update or {})
            parts.update = asked | {"script-src": [*asked.get("script-src", []), importmap_hash()]}
        return parts
