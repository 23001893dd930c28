"""A whole installation for a test: its own database, broker, simulator, web server and worker.

Everything is real and started as `./run` starts it, on free ports; what is shared with the test is
the Postgres server alone.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg2

from config.embedded import valkey
from tests import x
from tests.x import Simulator

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 60.0
WORKER = ["worker", "-Q", "ingest,default,send", "-P", "threads", "-c", "4", "-l", "warning"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


class Installation:
    """`manage` runs a command of ours; `simulator` is X."""

    def __init__(self, environment: dict[str, str], simulator: Simulator) -> None:
        self.environment = environment
        self.simulator = simulator

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> str:
        answer = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{' '.join(arguments)}:\n{answer.stderr[-3000:]}"
        return answer.stdout


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """An empty installation that serves, in `folder`; gone when the block ends."""
    with ExitStack() as parts:
        web = f"http://127.0.0.1:{free_port()}"
        (folder / "x").mkdir()
        simulator = parts.enter_context(x.running(folder / "x", f"{web}/handles/callback/"))
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "DATABASE_URL": parts.enter_context(database(folder.name)),
            "REDIS_URL": parts.enter_context(broker(folder)),
            "HANDLED_DATA_DIR": str(folder),
            "HANDLED_WEB_URL": web,
            "HANDLED_LIVE_URL": web,
            "X_API_URL": simulator.url,
        }
        whole = Installation(environment, simulator)
        whole.manage("migrate", "-v0")
        parts.enter_context(program(folder / "worker.log", celery(), environment))
        parts.enter_context(program(folder / "web.log", granian(web), environment))
        until_ready(f"{web}/ready", folder / "web.log")
        yield whole


def celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", *WORKER]


def granian(web: str) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(urlsplit(web).port)]
    how = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws"]
    return [sys.executable, "-m", "granian", *how, *where, "config.wsgi:application"]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def database(name: str) -> Iterator[str]:
    """A new database on the server of the tests."""
    server = os.environ["DATABASE_URL"]
    parts = urlsplit(server)
    name = "".join(letter if letter.isalnum() else "_" for letter in f"whole_{name}_{os.getpid()}")
    execute(server, f'CREATE DATABASE "{name}"')
    yield parts._replace(path=f"/{name}").geturl()
    execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    socket_file = folder / valkey.SOCKET
    with program(folder / "valkey.log", valkey.command(folder, folder), dict(os.environ)):
        while not socket_file.exists():
            time.sleep(0.01)
        yield valkey.url(folder)


@contextmanager
def program(
    log: Path, command: Sequence[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs in a session of its own, so that what it starts ends with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until_ready(url: str, log: Path) -> None:
    ends_at = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends_at:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer 200:\n{log.read_text()[-3000:]}")
