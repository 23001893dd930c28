"""Who asks, and the headers that every answer carries, whatever its status (trust X4, S7)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from twitter_sync.views.webhook import webhook

PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
WEBHOOK = urlsplit(settings.X_WEBHOOK_URL).path


class SecurityHeaders:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class DeliveriesOfX:
    """Takes what X pushes straight to its view: X needs no session, form, page or file, and is
    waiting. Stands behind what every answer carries and the check of the host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == WEBHOOK:
            return webhook(request)
        return self.get_response(request)


class ClientAddress:
    """Behind proxies of ours, REMOTE_ADDR is the address of whoever called the outermost one.

    Each proxy adds the address of its caller on the right of X-Forwarded-For. What stands further
    left than `settings.TRUSTED_PROXIES` places was said by a stranger and is not believed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if address := forwarded_address(request, settings.TRUSTED_PROXIES):
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)


def forwarded_address(request: HttpRequest, proxies: int) -> str:
    """Empty without proxies, and for calls from inside that came past them."""
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if not 0 < proxies <= len(told):
        return ""
    try:
        return str(ip_address(told[-proxies]))
    except ValueError:
        return ""
