"""The live stream: a small ASGI program of its own, without Django's middleware.

`python -m config.live` serves it. Django's ASGI path costs six times as much a request, so
pages, API and webhook stay on WSGI and only this long-lived stream is here (design §9).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup()

from django.conf import settings  # noqa: E402 - apps must be loaded first
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import PlainTextResponse, Response, StreamingResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from inbox.streams import Hub  # noqa: E402

STREAM_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    hub = app.state.hub = Hub()
    loops = [asyncio.create_task(hub.hear()), asyncio.create_task(hub.guard())]
    yield
    for loop in loops:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
    await hub.close()


async def stream(request: Request) -> Response:
    """Ids and versions of what changes, for the session of the cookie."""
    origin = request.headers.get("origin")
    if origin not in (None, settings.WEB_URL):
        return PlainTextResponse("This origin may not listen.\n", 403)
    headers = cors(origin)
    hub: Hub = request.app.state.hub
    reader = await hub.open(request.cookies.get(settings.SESSION_COOKIE_NAME, ""))
    if reader is None:
        return PlainTextResponse("Sign in first.\n", 401, headers | {"Cache-Control": "no-store"})
    return StreamingResponse(hub.lines(reader), headers=STREAM_HEADERS | headers)


def cors(origin: str | None) -> dict[str, str]:
    if origin is None:
        return {"Vary": "Origin, Cookie"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin, Cookie",
    }


async def ready(request: Request) -> Response:
    """200 while news is heard, else 503."""
    hub: Hub = request.app.state.hub
    if hub.hears_news.is_set():
        return PlainTextResponse("ready\n")
    return PlainTextResponse("not ready: news\n", 503)


application = Starlette(
    routes=[Route("/live/stream", stream), Route("/live/ready", ready)], lifespan=lifespan
)
