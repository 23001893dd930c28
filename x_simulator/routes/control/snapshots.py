"""Taking everything along in one file, and being again as one was."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from x_simulator.routes.control.calling import BadControl, Body, check_type, raw_route, route
from x_simulator.store import NotAStore
from x_simulator.world import World

MEDIA_TYPE = "application/vnd.sqlite3"
PIECE = 256 * 1024


async def take(world: World, body: Body) -> Response:
    copy = _beside(world)
    try:
        await asyncio.to_thread(world.store.copy_to, copy)
        file, length = copy.open("rb"), copy.stat().st_size
    finally:
        copy.unlink()  # what is open can be read to its end, and nothing stays when nobody does
    headers = {"content-length": str(length)}
    return StreamingResponse(_pieces(file), headers=headers, media_type=MEDIA_TYPE)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def restore(request: Request) -> Body:
    check_type(request, MEDIA_TYPE)
    world: World = request.app.state.world
    copy = _beside(world)
    try:
        with copy.open("wb") as file:
            async for piece in request.stream():
                file.write(piece)
        await world.restore(copy)
    except NotAStore as error:
        raise BadControl(f"the body is not a snapshot: {error}") from error
    finally:
        copy.unlink()
    return {"restored": True}


def _beside(world: World) -> Path:
    """A new file where there is room for another of its size, if anywhere."""
    with NamedTemporaryFile(
        dir=world.settings.data_dir, prefix="snapshot-", suffix=".sqlite3", delete=False
    ) as file:
        return Path(file.name)


ROUTES = (
    route("GET", "snapshot", take),
    raw_route("POST", "restore", restore),
)
