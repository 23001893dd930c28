"""Where X pushes: prove it is X, keep the body, say 200. Nothing else happens here (trust R2)."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts import clock
from twitter_sync.actions.recording import record_delivery
from twitter_sync.models import Webhook
from twitter_sync.signatures import TokenRefused, answer_crc, is_signed_event

LARGEST_BODY = 1024 * 1024
# X signs with the client secret, in the older way with the consumer secret, or with both.
SIGNED_WITH = {
    "x-twitter-webhooks-signature-oauth2": "X_CLIENT_SECRET",
    "x-twitter-webhooks-signature": "X_CONSUMER_SECRET",
}

log = structlog.get_logger(__name__)


class WebhookView(View):
    """Public by nature: X signs in with the signature of each body."""

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest) -> HttpResponse:
        """X's challenge (CRC): shows that we hold the secret. At any time, answered at once.

        503 where the database can't say which secret: X forgives that, and no wrong answer.
        """
        try:
            secret = Webhook.ours().secret
            answer = answer_crc(request.GET.get("crc_token", ""), secret=secret)
        except TokenRefused as error:
            return JsonResponse({"error": str(error)}, status=400)
        except DatabaseError:
            log.exception("challenge not answered")
            return HttpResponse(status=503, headers={"Retry-After": "10"})
        return JsonResponse({"response_token": answer})

    def post(self, request: HttpRequest) -> HttpResponse:
        """200: kept. 403: not X's, not kept. 413: too large. 503: the database is down."""
        if content_length(request) > LARGEST_BODY:
            return HttpResponse(status=413)
        if not is_from_x(request):
            log.warning("webhook refused", bytes=len(request.body))
            return HttpResponse(status=403)
        try:
            record_delivery(request.body)
        except DatabaseError:
            log.exception("webhook not kept")
            return HttpResponse(status=503, headers={"Retry-After": "10"})
        return HttpResponse()


webhook = csrf_exempt(transaction.non_atomic_requests(WebhookView.as_view()))


def is_from_x(request: HttpRequest) -> bool:
    """Signed with one of the secrets that X alone shares with us, or with a changed one that still
    counts (trust W7)."""
    former = former_secrets(clock.now())
    return any(
        is_signed_event(request.body, request.headers[header], secret=secret)
        for header, name in SIGNED_WITH.items()
        if header in request.headers
        for secret in (getattr(settings, name), *former)
    )


def former_secrets(now: datetime) -> list[str]:
    return [secret for secret, until in settings.X_FORMER_SECRETS if now < until]


def content_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    # Twenty digits are too many already, and Python reads no number of thousands.
    return int(length[:20]) if length.isdecimal() else 0
