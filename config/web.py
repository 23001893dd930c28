"""The pages' process: `python -m config.web --host=127.0.0.1 --port=8000`.

It is granian, which replaces its workers one by one on SIGHUP; here nobody notices. As granian has
it on Linux, every worker listens for itself, so that what waits at one that ends is reset; and the
old one goes after some seconds, whether or not its successor answers by then. X tells nothing a
second time: all workers of ours accept from one socket, which their parent holds open, and an old
one goes when its successor has loaded the pages.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.synchronize import Event
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

# Connections that nobody has accepted yet.
BACKLOG = 1024
# Whoever loads for longer will hardly come: then it is as granian has it.
LOADS_WITHIN_S = 60.0


class Server(MPServer):  # type: ignore[misc]
    def _init_shared_socket(self) -> None:
        self._sso = socket.create_server((self.bind_addr, self.bind_port), backlog=BACKLOG)
        self._shd = SocketHolder(self._sso.fileno(), False, BACKLOG)

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> WorkerProcess:
        loaded = multiprocessing.Event()
        worker = super()._spawn_worker(idx, target, partial(load, callback_loader, loaded))
        worker.loaded = loaded
        return worker

    def _respawn_workers(
        self, workers: Sequence[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        """`delay` is what granian would wait for a new one before it ends the old one."""
        for idx in workers:
            self.respawned_wrks[idx] = time.monotonic()
            old, new = self.wrks[idx], self._spawn_worker(idx, spawn_target, target_loader)
            self.wrks[idx] = new
            new.start()
            self._until_loaded(new)
            self._end(old)
        self._metrics.incr_spawn(len(workers))

    def _until_loaded(self, worker: WorkerProcess) -> None:
        """Or until it has died, or we are asked to end."""
        deadline = time.monotonic() + LOADS_WITHIN_S
        while not worker.loaded.wait(0.05):
            if not worker.is_alive() or self.interrupt_signal or time.monotonic() > deadline:
                return

    def _end(self, worker: WorkerProcess) -> None:
        """It accepts no more and answers what it has accepted."""
        worker.terminate()
        worker.join(self.workers_kill_timeout)
        if worker.is_alive():
            worker.kill()
            worker.join()


def load(loader: Callable[[], Any], loaded: Event) -> Any:
    """In the worker."""
    application = loader()
    loaded.set()
    return application


def main() -> None:
    options = _options()
    Server(
        options.application,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=options.end_within,
        factory=options.factory,
    ).serve()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.web", description="The pages.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4, help="of each worker")
    # Longer than X waits for an answer.
    parser.add_argument("--end-within", type=int, default=25, metavar="SECONDS")
    parser.add_argument("--factory", action="store_true", help="the application is made by a call")
    parser.add_argument("application", nargs="?", default="config.wsgi:application")
    return parser.parse_args()


if __name__ == "__main__":
    main()
