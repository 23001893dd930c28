"""The floor: a bare Django site without middleware, templates or people, on the same server.

It answers a page by running the very statements of the page (BENCH_PAGES names a file of them) and
writing what they gave as plain lines, and a push by checking its signature and inserting one row.
Less can't be done in Django with the same SQL; what a page costs above it is ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from base64 import b64encode
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from html import escape
from pathlib import Path

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import env

INSERT = """
INSERT INTO twitter_sync_rawevent
    (source, fact, body, state, waits_for, attempts, error, received_at, due_at)
VALUES ('webhook', %s, %s, 'pending', '', 0, '', statement_timestamp(), statement_timestamp())
"""


def page(request: HttpRequest, key: str) -> HttpResponse:
    lines, asked = [], statements()[key]
    with transaction_for(asked), connection.cursor() as cursor:
        for statement in asked:
            cursor.execute(statement)
            lines += [" ".join(map(str, row)) for row in cursor.fetchall()]
    return answer("\n".join(f"<p>{escape(line)}</p>" for line in lines).encode())


def transaction_for(asked: list[str]) -> AbstractContextManager[None]:
    """Settings that a page makes for a while last as long as its transaction."""
    makes_settings = any("set_config(" in statement for statement in asked)
    return transaction.atomic() if makes_settings else nullcontext()


def webhook(request: HttpRequest) -> HttpResponse:
    body = request.body
    digest = hmac.new(settings.X_CONSUMER_SECRET.encode(), body, hashlib.sha256).digest()
    signed = "sha256=" + b64encode(digest).decode()
    if not hmac.compare_digest(signed, request.headers.get("x-twitter-webhooks-signature", "")):
        return HttpResponse(status=403)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [f"floor:{hashlib.sha256(body).hexdigest()}", body])
    return answer(b"")


def ready(request: HttpRequest) -> HttpResponse:
    return answer(b"ready")


def answer(content: bytes) -> HttpResponse:
    return HttpResponse(content, headers={"Content-Length": str(len(content))})


@cache
def statements() -> dict[str, list[str]]:
    """The statements of each page, by the page's key."""
    return dict(json.loads(Path(os.environ["BENCH_PAGES"]).read_text()))


urlpatterns = [
    path("ready", ready),
    path("webhooks/x/", webhook),
    path("pages/<path:key>", page),
]


def site() -> WSGIHandler:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={"default": env.database(env.text("DATABASE_URL")) | {"CONN_MAX_AGE": None}},
        MIDDLEWARE=[],
        ROOT_URLCONF="bench.floor",
        SECRET_KEY="nothing is signed here",  # noqa: S106
        USE_TZ=True,
        X_CONSUMER_SECRET=env.text("X_CONSUMER_SECRET"),
    )
    return get_wsgi_application()
