"""Where X says that the media of direct messages are: nobody is answered there who doesn't sign in
the older way (OAuth 1.0a), which this simulator doesn't know."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from x_simulator import errors
from x_simulator.api import refusal


async def refused(request: Request) -> Response:
    return refusal(errors.not_signed())


ROUTES = (Route("/1.1/ton/data/dm/{dm_id}/{media_id}/{resource_id}", refused),)
