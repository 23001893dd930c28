"""The TCP connection under a call, which X or the net between may end at any moment."""

import asyncio
import socket
import struct
from collections.abc import Coroutine
from typing import Literal

from starlette.types import Receive, Scope

How = Literal["reset", "closed"]
# To linger for no time: the other side gets an RST.
AT_ONCE = struct.pack("ii", 1, 0)


class ConnectionEnded(Exception):
    """Where no TCP is below: what a caller in the same process gets instead."""


def end(scope: Scope, how: How) -> None:
    """`reset` drops what was not read yet, `closed` lets it arrive. Raises ConnectionEnded."""
    for connection in list(scope["app"].state.connections):
        if connection.client == tuple(scope["client"]):
            _end(connection.transport, how)
            return
    raise ConnectionEnded(how)


def _end(transport: asyncio.Transport, how: How) -> None:
    if how == "closed":
        transport.close()
        return
    below = transport.get_extra_info("socket")
    below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    transport.abort()


async def until_gone(receive: Receive) -> None:
    """Until the caller has hung up, or has been hung up on."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_held(
    work: Coroutine[None, None, None], receive: Receive, released: asyncio.Event
) -> bool:
    """Whether `work` came to its end before the caller went or the held were let go of."""
    working = asyncio.ensure_future(work)
    others = [asyncio.ensure_future(until_gone(receive)), asyncio.ensure_future(released.wait())]
    try:
        await asyncio.wait((working, *others), return_when=asyncio.FIRST_COMPLETED)
        return working.done()
    finally:
        for task in (working, *others):
            task.cancel()
        await asyncio.gather(working, *others, return_exceptions=True)
