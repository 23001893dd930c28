"""The ASGI application: X's endpoints, the control calls and the customer page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from x_simulator import errors
from x_simulator.api import Endpoint, refusal
from x_simulator.dated import Dated
from x_simulator.outbound import Outbound
from x_simulator.routes import (
    activity,
    chat,
    compliance,
    connections,
    control,
    dms,
    media,
    moderation,
    oauth,
    page,
    posts,
    rules,
    streams,
    ton,
    users,
    webhooks,
)
from x_simulator.settings import Settings
from x_simulator.templates import STATIC
from x_simulator.world import World

# Fixed paths before those with an id in them: /2/users/me before /2/users/{id}.
ENDPOINTS: tuple[Endpoint, ...] = (
    *users.ENDPOINTS,
    *dms.ENDPOINTS,
    *posts.ENDPOINTS,
    *media.ENDPOINTS,
    *moderation.ENDPOINTS,
    *activity.ENDPOINTS,
    *streams.ENDPOINTS,
    *rules.ENDPOINTS,
    *connections.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *chat.ENDPOINTS,
    *compliance.ENDPOINTS,
)


def build(settings: Settings) -> Starlette:
    outbound = Outbound()
    world = World(settings, outbound)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await world.start()
        yield
        await world.stop()
        outbound.close()
        world.store.close()

    app = Starlette(
        routes=[
            *control.ROUTES,
            *oauth.ROUTES,
            *(endpoint.route() for endpoint in ENDPOINTS),
            *ton.ROUTES,
            *compliance.ROUTES,
            *page.ROUTES,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Dated)],
        exception_handlers={HTTPException: _unknown},
        lifespan=lifespan,
    )
    app.state.world = world
    app.state.connections = set()
    world.faults.endpoints = (
        *(endpoint.name for endpoint in ENDPOINTS),
        *(f"{method} {path}" for method, path in oauth.RECORDED),
    )
    return app


async def _unknown(request: Request, error: Exception) -> Response:
    """X answers a path or a method that it does not have as a problem, too."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(errors.not_found() if status == 404 else errors.plain(status))
