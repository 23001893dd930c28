"""Whether something answers: one question, one yes or no, never longer than two seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

WITHIN = 2.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opening = Coroutine[Any, Any, Connection]


async def http(port: int, path: str) -> bool:
    """Whether GET answers 200."""
    question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    answer = await ask(asyncio.open_connection("127.0.0.1", port), question)
    return answer.split(b" ")[1:2] == [b"200"]


async def valkey(socket: Path) -> bool:
    return await ask(asyncio.open_unix_connection(socket), "PING\r\n") == b"+PONG\r\n"


async def ask(opening: Opening, question: str) -> bytes:
    """The first line of the answer, empty when there is none."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(WITHIN), connected(opening) as (reader, writer):
            writer.write(question.encode())
            return await reader.readuntil(b"\n")
    return b""


@contextlib.asynccontextmanager
async def connected(opening: Opening) -> AsyncIterator[Connection]:
    reader, writer = await opening
    try:
        yield reader, writer
    finally:
        writer.close()
