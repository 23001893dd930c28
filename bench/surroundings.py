"""Postgres and Valkey of a bench's own, as `./run` starts them, and web servers to measure.

DATABASE_URL and REDIS_URL put servers of yours in their place. Whatever is started here ends with
the bench; a temporary folder goes with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config.embedded import parts, postgres, probes, valkey
from config.embedded.addresses import Ports
from config.embedded.child import die_with
from config.embedded.data_dir import ROOT, DataDir
from config.embedded.environment import OURS
from config.embedded.layout import Layout, lay_out
from config.embedded.options import Outside
from config.embedded.postgres import Cluster

STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0
# What granian is told to serve; the floor is made by a function, so that importing it does nothing.
PRODUCT, FLOOR = ("config.wsgi:application",), ("--factory", "bench.floor:site")


class DidNotStart(Exception):
    """A server did not come up; the text has what it said."""


@contextmanager
def surroundings(data_dir: Path | None) -> Iterator[dict[str, str]]:
    """Servers are up; what comes out is the environment of Django's processes.

    Raises DataDirError for a folder that is somebody else's, or in use by a `./run`.
    """
    with ExitStack() as stack:
        path = data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        home = DataDir(path.absolute())
        stack.enter_context(home.claim())
        layout = laid_out(home)
        stack.callback(layout.remove_what_is_temporary)
        if layout.cluster:
            start_database(stack, layout.cluster, home)
        if "REDIS_URL" not in os.environ:
            start_queue(stack, layout, home)
        yield layout.django


def laid_out(home: DataDir) -> Layout:
    """Every address as `./run` would choose it, and X the simulator's, which nobody starts."""
    outside = Outside(os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL"), x=None)
    for name in set(OURS) - {"DATABASE_URL", "REDIS_URL"}:
        os.environ.pop(name, None)
    return lay_out(None, outside, home)


def start_database(stack: ExitStack, cluster: Cluster, home: DataDir) -> None:
    if not cluster.files.exists():
        make(cluster, home)
    cluster.check_version()
    cluster.hand_over_files()
    cluster.clear_stale_lock()
    told = postgres.server_environment()
    start(stack, cluster.command(), told, cluster.answers, home.path, stop=signal.SIGINT)
    cluster.create_database()


def make(cluster: Cluster, home: DataDir) -> None:
    postgres.remove(cluster.draft)
    with tempfile.NamedTemporaryFile("w", dir=home.path) as password:
        password.write(cluster.password)
        password.flush()
        subprocess.run(
            cluster.init_command(Path(password.name)),
            env=postgres.server_environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
    cluster.draft.rename(cluster.files)


def start_queue(stack: ExitStack, layout: Layout, home: DataDir) -> None:
    sockets = layout.sockets.path
    command = valkey.command(sockets, home.folder("valkey"))
    start(stack, command, dict(os.environ), (sockets / valkey.SOCKET).exists, home.path)


def serve(stack: ExitStack, application: Sequence[str], environment: dict[str, str]) -> int:
    """Serves a WSGI application as `./run` serves the pages. Returns the port."""
    ports = Ports()
    port = ports.reserve(None)
    command = [*parts.web(port, environment).command[:-1], *application]

    def answers() -> bool:
        return asyncio.run(probes.http(port, "/ready"))

    start(stack, command, environment, answers, ROOT)
    return port


def start(
    stack: ExitStack,
    command: Sequence[str],
    environment: dict[str, str],
    answers: Callable[[], bool],
    folder: Path,
    *,
    stop: int = signal.SIGTERM,
) -> None:
    """Starts a program and waits until it answers; it stops when `stack` closes."""
    said = stack.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        start_new_session=True,
        preexec_fn=die_with(os.getpid(), stop),
    )
    stack.callback(end, process, stop)
    deadline = time.monotonic() + STARTS_WITHIN
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            said.seek(0)
            raise DidNotStart(f"{command[0]} did not start:\n{said.read()}")
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes], number: int) -> None:
    process.send_signal(number)
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
