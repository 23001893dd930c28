"""`./run` whose parts reach the database and the queue by ways that can be made bad.

`python -m tests.faults.run` takes what `./run` takes. Where orders are taken is in `ways.json` of
the data directory; its servers are reached past the ways by the addresses of `run.json`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from config.embedded import __main__ as run
from config.embedded import valkey
from config.embedded.layout import Layout
from tests.faults.ways import HOST, Way, obey

begun: set[asyncio.Task[Any]] = set()
plainly = run.lay_out


def lay_out(*given: Any) -> Layout:
    layout = plainly(*given)
    assert layout.cluster
    sockets, seed = layout.sockets.path, os.environ["FAULTS_SEED"]
    ways = {
        "database": Way(sockets / f".s.PGSQL.{layout.cluster.port}", seed),
        "queue": Way(sockets / valkey.SOCKET, seed),
    }
    begin(*(way.open() for way in ways.values()), take_orders(ways, layout))
    by_way = {
        "DATABASE_URL": replace(layout.cluster, port=ways["database"].port).tcp_url,
        "REDIS_URL": f"redis://{HOST}:{ways['queue'].port}/0",
    }
    return replace(layout, django=layout.django | by_way)


def begin(*these: Coroutine[Any, Any, None]) -> None:
    for one in these:
        task = asyncio.get_running_loop().create_task(one)
        begun.add(task)
        task.add_done_callback(hear_of)


def hear_of(task: asyncio.Task[Any]) -> None:
    """What went wrong is said; to be ended with the rest is nothing wrong."""
    if not task.cancelled():
        task.result()


async def take_orders(ways: dict[str, Way], layout: Layout) -> None:
    server = await asyncio.start_server(partial(obey, ways), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    file = os.path.join(layout.django["HANDLED_DATA_DIR"], "ways.json")
    with open(file, "w") as told:
        json.dump({"port": port}, told)
    await server.serve_forever()


if __name__ == "__main__":
    run.lay_out = lay_out
    sys.exit(run.main())
