"""Tells open customer pages that something changed; they fetch what they show by themselves."""

import asyncio
from collections.abc import AsyncIterator

KEEP_ALIVE_S = 15


class Feed:
    def __init__(self) -> None:
        self._version = 0
        self._changed = asyncio.Event()
        self._closed = False

    def changed(self) -> None:
        self._version += 1
        self._wake()

    def close(self) -> None:
        """Lets every stream end, so that the program can."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def stream(self) -> AsyncIterator[str]:
        """An event stream: one `changed` event per change, or per several that came at once."""
        told = self._version
        yield "retry: 1000\n\n"
        while not self._closed:
            changed = self._changed
            if told == self._version:
                try:
                    await asyncio.wait_for(changed.wait(), KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
            if told != self._version:
                told = self._version
                yield f"event: changed\nid: {told}\ndata: {told}\n\n"
