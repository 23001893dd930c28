"""A stream of X, line by line: signs of life, silence, and X's own word that it ends.

    with client.activity_stream() as lines:
        for line in lines:
            ...

A line is the bytes of one JSON object, untouched, or b"" as the sign of life that X sends every
20 seconds at the latest (reference: x-api §12). The loop ends by StreamEnded, or when the stream is
closed here. No deadline holds for it as a whole, but each line must come within its patience.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from urllib3.exceptions import HTTPError

from twitter_sync import answers
from twitter_sync.errors import Stalled, StreamEnded
from twitter_sync.transport import Opened

# X sends a sign of life every 20 s; two of them lost are a dead line.
PATIENCE_SECONDS = 30.0
MAX_LINE_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024


class Stream:
    """An open one. `headers` are X's. May be read once; closing twice is harmless."""

    def __init__(self, opened: Opened, *, endpoint: str, patience: float) -> None:
        self.headers = opened.response.headers
        self._opened = opened
        self._endpoint = endpoint
        self._patience = patience
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def hang_up(self) -> None:
        """From any thread: whoever reads meets the end of the loop at once."""
        self._is_closed = True
        self._opened.hang_up()

    def close(self) -> None:
        """The line is hung up, not kept for other calls: X never finishes its answer."""
        self.hang_up()
        self._opened.response.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._lines()
        finally:
            self.close()

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        self._opened.go_on_for(self._patience)
        for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield self._checked(line.rstrip(b"\r"))
            if lines:
                self._opened.go_on_for(self._patience)
            if len(rest) > MAX_LINE_BYTES:
                raise self._ended("a line too long")
        if not self._is_closed:
            raise self._ended("closed")

    def _checked(self, line: bytes) -> bytes:
        if len(line) > MAX_LINE_BYTES:
            raise self._ended("a line too long")
        said = answers.disconnect(line, endpoint=self._endpoint)
        if said is not None:
            raise said
        return line

    def _chunks(self) -> Iterator[bytes]:
        """As they arrive, however small."""
        raw = self._opened.response.raw
        try:
            if raw.chunked:
                yield from raw.read_chunked(CHUNK_BYTES, decode_content=False)
            else:
                while chunk := raw.read1(CHUNK_BYTES):
                    yield chunk
        except (HTTPError, OSError) as error:
            if not self._is_closed:
                raise self._broken(error) from None

    def _broken(self, error: Exception) -> StreamEnded:
        """Of the cause, only the kind is kept: its own words could quote what was read."""
        if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
            return Stalled(endpoint=self._endpoint, problem="silence")
        return self._ended(type(error).__name__)

    def _ended(self, problem: str) -> StreamEnded:
        return StreamEnded(endpoint=self._endpoint, problem=problem)
