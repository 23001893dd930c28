"""Answers that don't come, come in part, or come too slowly."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from x_simulator.faults import connection
from x_simulator.faults.connection import How

NONE = 0  # the status of an answer that never is one
LEAST_PAUSE_S = 0.05

Change = Callable[[Message], Awaitable[None]]


class Cut(Response):
    """The connection ends: before any answer, or after half of one."""

    def __init__(self, how: How, whole: Response | None = None) -> None:
        super().__init__(status_code=NONE if whole is None else whole.status_code)
        self.how = how
        self.whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.whole is not None:
            said = asyncio.Event()
            whole = self.whole(scope, receive, _half(send, said))
            await connection.while_held(whole, receive, said)
        connection.end(scope, self.how)
        await connection.until_gone(receive)


def _half(send: Send, said: asyncio.Event) -> Change:
    """Of the first piece of the body, which may be all of it or a line of a stream."""

    async def halved(message: Message) -> None:
        body = message.get("body", b"")
        if said.is_set():
            return
        if not body:
            await send(message)
        else:
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
            said.set()

    return halved


class Silence(Response):
    """Nothing for so long, then the connection ends; earlier when the caller hangs up."""

    def __init__(self, seconds: float, released: asyncio.Event, status: int = NONE) -> None:
        super().__init__(status_code=status)
        self.seconds = seconds
        self.released = released

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await connection.while_held(asyncio.sleep(self.seconds), receive, self.released)
        connection.end(scope, "closed")
        await connection.until_gone(receive)


class Late(Response):
    """All is done, and told so many seconds after."""

    def __init__(self, whole: Response, seconds: float, released: asyncio.Event) -> None:
        super().__init__(status_code=whole.status_code)
        self.whole = whole
        self.seconds = seconds
        self.released = released

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await connection.while_held(asyncio.sleep(self.seconds), receive, self.released)
        await self.whole(scope, receive, send)


class Dripping(Response):
    """Head at once, body at so many bytes a second."""

    def __init__(self, whole: Response, bytes_per_second: float, released: asyncio.Event) -> None:
        super().__init__(status_code=whole.status_code)
        self.whole = whole
        self.size = max(1, round(bytes_per_second * LEAST_PAUSE_S))
        self.pause_s = self.size / bytes_per_second
        self.released = released

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = self.whole(scope, receive, self._dripping(send))
        if not await connection.while_held(whole, receive, self.released):
            connection.end(scope, "closed")

    def _dripping(self, send: Send) -> Change:
        async def drip(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body), self.size):
                piece = body[start : start + self.size]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(self.pause_s)
            await send({**message, "body": b""} if body else message)

        return drip
