"""The parts of a running Handled: how each is started, asked whether it is ready, and stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from config.embedded import probes, valkey
from config.embedded.postgres import Cluster, server_environment

# What ends first, ends last in the list: workers, then pages, then what they all lean on.
DATABASE, QUEUE, OUTSIDE_WORLD, PAGES, WORK = range(5)
CELERY = {
    # Four lines at every start as root; nothing of ours unpickles.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    # Django's checks load every page; the tests run them.
    "CELERY_SKIP_CHECKS": "1",
}


@dataclass(frozen=True)
class Part:
    name: str
    stage: int
    command: list[str]
    environment: Mapping[str, str]
    answers: Callable[[], Awaitable[bool]] | None = None
    says_ready: str = ""  # where a part can't be asked: a pattern of the line that it prints
    stop_signal: int = signal.SIGTERM
    stop_within: float = 5.0
    death_signal: int = signal.SIGTERM
    prepare: Callable[[], None] = field(default=lambda: None)
    leave_out: str = ""  # a pattern of lines that would only worry a newcomer


def postgres(cluster: Cluster) -> Part:
    async def answers() -> bool:
        return cluster.answers()

    return Part(
        name="postgres",
        stage=DATABASE,
        command=cluster.command(),
        environment=server_environment(),
        answers=answers,
        # SIGINT is the fast shutdown: clients are cut off, everything committed is kept.
        stop_signal=signal.SIGINT,
        stop_within=20.0,
        death_signal=signal.SIGINT,
        prepare=cluster.clear_stale_lock,
        # Its answer to our asking whether it is ready yet.
        leave_out="database system is (starting up|not yet accepting)|Consistent recovery state",
    )


def queue(sockets: Path, folder: Path, environment: Mapping[str, str]) -> Part:
    return Part(
        name="valkey",
        stage=QUEUE,
        command=valkey.command(sockets, folder),
        environment=environment,
        answers=partial(probes.valkey, sockets / valkey.SOCKET),
        # It speaks of background saves, which are off.
        leave_out="Memory overcommit must be enabled",
    )


def simulator(port: int, folder: Path, callback: str, environment: Mapping[str, str]) -> Part:
    return Part(
        name="simulator",
        stage=OUTSIDE_WORLD,
        command=python(
            "x_simulator",
            "--host=127.0.0.1",
            f"--port={port}",
            f"--data-dir={folder}",
            f"--callback-url={callback}",
        ),
        environment=environment,
        answers=partial(probes.http, port, "/_sim/health"),
    )


def web(port: int, environment: Mapping[str, str]) -> Part:
    return Part(
        name="web",
        stage=PAGES,
        command=python(
            "config.web",
            "--host=127.0.0.1",
            f"--port={port}",
            "--workers=2",
            "--threads=4",
            "config.wsgi:application",
        ),
        environment=environment,
        answers=partial(probes.http, port, "/ready"),
    )


def live(port: int, environment: Mapping[str, str]) -> Part:
    return Part(
        name="live",
        stage=PAGES,
        command=python(
            "config.live",
            "--host=127.0.0.1",
            f"--port={port}",
        ),
        environment=environment,
        answers=partial(probes.http, port, "/live/ready"),
        death_signal=signal.SIGKILL,
    )


def worker(name: str, queues: str, environment: Mapping[str, str]) -> Part:
    return Part(
        name=f"worker-{name}",
        stage=WORK,
        command=celery(
            "worker",
            f"--hostname={name}@%h",
            f"--queues={queues}",
            "--pool=threads",
            "--concurrency=4",
            "--without-mingle",
            "--without-gossip",
        ),
        environment={**environment, **CELERY},
        says_ready=rf"{name}@\S+ ready\.",
        # Any task may be cut short and run again; nobody waits for a long one.
        death_signal=signal.SIGKILL,
    )


def beat(schedule: Path, environment: Mapping[str, str]) -> Part:
    return Part(
        name="beat",
        stage=WORK,
        command=celery("beat", f"--schedule={schedule}", "--pidfile="),
        environment=environment,
        says_ready=r"beat: Starting",
        death_signal=signal.SIGKILL,
    )


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def celery(*arguments: str) -> list[str]:
    return [*python("celery", "--quiet", "-A", "config"), *arguments, "--loglevel=INFO"]
