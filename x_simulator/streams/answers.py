"""An answer without an end: the lines of a stream, until it ends or nobody reads it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from x_simulator.faults import connection
from x_simulator.streams.stream import Stream
from x_simulator.streams.streams import LEFT, RECOVERED, Streams

Open = Callable[[], Stream]


@dataclass(frozen=True, slots=True)
class Lines:
    """The answer of a call that may open a stream. It is open once somebody gets it."""

    streams: Streams
    open: Open

    def response(self, headers: Mapping[str, str]) -> Response:
        return Streaming(self.streams, self.open, headers)


class Streaming(StreamingResponse):
    """Ends with the stream, with its reader, or with the patience for a reader who doesn't take
    the end."""

    def __init__(self, streams: Streams, open_: Open, headers: Mapping[str, str]) -> None:
        super().__init__((), headers=headers, media_type="application/json")
        self._streams = streams
        self._open = open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream = self._open()
        self.body_iterator = stream.lines()
        told = asyncio.create_task(self.stream_response(send))
        left = asyncio.create_task(self.listen_for_disconnect(receive))
        overdue = asyncio.create_task(stream.overdue())
        tasks = (told, left, overdue)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if done == {overdue}:
                connection.end(scope, "reset")
                await left
            for task in done:
                task.result()
        finally:
            self._streams.forget(stream, RECOVERED if told.done() else LEFT)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
