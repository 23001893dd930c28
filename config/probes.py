"""Probes for supervisors and load balancers (trust R22): no detail for strangers."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process serves requests, whatever else is down."""
    return HttpResponse("live\n", content_type="text/plain")


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and has every migration, else 503."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("not ready: database\n", status=503, content_type="text/plain")
    if missing:
        return HttpResponse("not ready: migrations\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")
