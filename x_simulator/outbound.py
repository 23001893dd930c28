"""The simulator's own calls to webhooks: challenges and deliveries.

httpx's plain client on a few threads: per call it takes half the processor time of the async one,
and deliveries are what the simulator spends its time on.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx

AT_ONCE = 32
TIMEOUT = httpx.Timeout(10, connect=3)


class Outbound:
    def __init__(self) -> None:
        # Never asks the environment for a proxy: webhooks of this machine are on this machine.
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        self._client = httpx.Client(trust_env=False, limits=limits, timeout=TIMEOUT)
        self._threads = ThreadPoolExecutor(AT_ONCE, "webhook")

    async def get(self, url: str, params: Mapping[str, str]) -> httpx.Response:
        """Raises httpx.HTTPError, httpx.InvalidURL."""
        return await self._run(partial(self._client.get, url, params=dict(params)))

    async def post(self, url: str, raw: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Raises httpx.HTTPError, httpx.InvalidURL."""
        return await self._run(partial(self._client.post, url, content=raw, headers=dict(headers)))

    async def _run(self, call: "partial[httpx.Response]") -> httpx.Response:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
