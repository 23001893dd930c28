"""Probes for supervisors, balancers and those who watch (trust R22): no detail for strangers."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from config.metrics import exposition
from twitter_sync.tokens import UnreadableToken, try_keys

log = structlog.get_logger(__name__)


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process serves requests, whatever else is down."""
    return HttpResponse("live\n", content_type="text/plain")


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and has every migration, and tokens can be encrypted; else 503,
    and the log says why."""
    if reason := what_is_missing():
        log.error("not ready", why=reason)
        return HttpResponse("not ready\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


def what_is_missing() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        try_keys()
    except DatabaseError as error:
        return f"database: {type(error).__name__}"
    except UnreadableToken as error:
        return f"HANDLED_TOKEN_KEYS: {error.problem}"
    return f"{len(missing)} migrations" if missing else ""


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """For who has the token of HANDLED_METRICS_TOKEN, or without one for this machine itself. To
    the rest of the world it does not exist."""
    if not may_read_metrics(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return compare_digest(said.encode(), settings.METRICS_TOKEN.encode())
    # What came by a proxy came from elsewhere, wherever the proxy stands.
    came_by_a_proxy = "X-Forwarded-For" in request.headers
    return not came_by_a_proxy and ip_address(request.META["REMOTE_ADDR"]).is_loopback
