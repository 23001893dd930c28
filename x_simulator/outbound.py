"""The simulator's own calls to webhooks: challenges and deliveries.

httpx's plain client on a few threads: per call it takes half the processor time of the async one,
and deliveries are what the simulator spends its time on.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

AT_ONCE = 32
WITHIN_S = 10.0  # from the call to the end of its answer, as X has it
TO_CONNECT_S = 3.0
LONGEST_ANSWER = 64 * 1024  # what is longer is read no further


@dataclass(frozen=True, slots=True)
class Heard:
    status: int
    body: bytes


class WebhookDead(httpx.ConnectError):
    """Nobody listens there: a fault (`webhook_dead`) has it so."""


class Outbound:
    def __init__(self) -> None:
        self.is_dead: Callable[[], bool] = lambda: False
        # Never asks the environment for a proxy: webhooks of this machine are on this machine.
        # Each over a connection of its own: a kept one may be closed by a server that ends while a
        # push is on its way, and nothing is told twice.
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
        self._client = httpx.Client(trust_env=False, limits=limits)
        self._threads = ThreadPoolExecutor(AT_ONCE, "webhook")

    async def get(
        self, url: str, params: Mapping[str, str], *, within_s: float = WITHIN_S
    ) -> Heard:
        """Raises httpx.HTTPError, httpx.InvalidURL."""
        return await self._run("GET", url, within_s, params=dict(params))

    async def post(
        self, url: str, raw: bytes, headers: Mapping[str, str], *, within_s: float = WITHIN_S
    ) -> Heard:
        """Raises httpx.HTTPError, httpx.InvalidURL."""
        return await self._run("POST", url, within_s, content=raw, headers=dict(headers))

    async def _run(self, method: str, url: str, within_s: float, **sent: Any) -> Heard:
        if self.is_dead():
            raise WebhookDead("connection refused")
        call = partial(self._exchange, method, url, within_s, **sent)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _exchange(self, method: str, url: str, within_s: float, **sent: Any) -> Heard:
        """httpx minds the pauses of an answer; the whole of it is minded here."""
        ends = time.monotonic() + within_s
        timeout = httpx.Timeout(within_s, connect=min(TO_CONNECT_S, within_s))
        with self._client.stream(method, url, timeout=timeout, **sent) as answer:
            body = b""
            for piece in answer.iter_bytes():
                body += piece
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout("the answer took too long", request=answer.request)
                if len(body) > LONGEST_ANSWER:
                    break
            return Heard(answer.status_code, body)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
