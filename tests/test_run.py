"""`./run` as a newcomer starts it: a process of its own with a data directory of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from config.embedded import orphans
from config.embedded.environment import OURS
from config.embedded.postgres import is_zombie

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
OWNER = {"HANDLED_OWNER_EMAIL": "olga@example.com", "HANDLED_OWNER_PASSWORD": "a-long-password-9"}


class Run:
    """One data directory and the `./run` that is on it at the moment."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.ready_file = folder / "ready.json"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment(), stdout=log, stderr=log, start_new_session=True
            )
        until(self.ready_file.exists, what="the ready file", within=120, unless=self.has_ended)

    @property
    def command(self) -> list[str | Path]:
        options = ["--no-demo", f"--data-dir={self.data_dir}", f"--ready-file={self.ready_file}"]
        return [ROOT / "run", *options]

    def has_ended(self) -> str | None:
        ended = self.process is not None and self.process.poll() is not None
        return self.log.read_text() if ended else None

    def facts(self) -> dict[str, Any]:
        return dict(json.loads(self.ready_file.read_text()))

    def answers(self) -> bool:
        facts = self.facts()
        return all(
            status(url) == 200
            for url in (
                f"{facts['web_url']}/ready",
                f"{facts['live_url']}/live/ready",
                f"{facts['simulator_url']}/_sim/health",
            )
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.facts()["database_url"])) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return list(cursor.fetchall())

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=40)

    def kill(self) -> None:
        """For the end of the tests, however they went."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        until(lambda: not orphans.find(self.data_dir), what="the end of every part")


def environment() -> dict[str, str]:
    """A newcomer's: without the servers of these tests."""
    return {k: v for k, v in os.environ.items() if k not in OURS} | OWNER


def until(
    true: Callable[[], bool],
    what: str,
    within: float = 60,
    unless: Callable[[], str | None] = lambda: None,
) -> None:
    deadline = time.monotonic() + within
    while not true():
        if reason := unless():
            pytest.fail(f"waiting for {what}: {reason}")
        if time.monotonic() > deadline:
            pytest.fail(f"no sign of {what} in {within:.0f} s")
        time.sleep(0.05)


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def is_alive(pid: int) -> bool:
    try:
        return not is_zombie(pid)
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("run"))
    try:
        run.start()
        yield run
    finally:
        run.kill()


def test_everything_answers_once_the_ready_file_is_there(run: Run) -> None:
    facts = run.facts()

    assert run.answers()
    assert status(f"{facts['web_url']}/") == 200
    assert status(f"{facts['simulator_url']}/") == 200
    assert run.rows("SELECT email FROM accounts_user") == [("olga@example.com",)]
    assert facts["sign_ins"] == [
        {"role": "owner", "email": "olga@example.com", "password": "a-long-password-9"}
    ]
    assert facts["redis_url"].startswith("unix:///")
    assert set(facts["pids"]) == {
        *("supervisor", "postgres", "valkey", "simulator", "web", "live"),
        *("worker-ingest", "worker-send", "worker-media", "beat"),
    }


def test_nothing_of_it_is_readable_by_others(run: Run) -> None:
    assert run.data_dir.stat().st_mode & 0o777 == 0o700
    for file in ("secrets.json", "run.json"):
        assert (run.data_dir / file).stat().st_mode & 0o777 == 0o600
    assert run.ready_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("part", ["postgres", "valkey", "web", "worker-send"])
def test_it_survives_the_kill_of_any_part(run: Run, part: str) -> None:
    before = run.facts()["pids"][part]

    os.kill(before, signal.SIGKILL)

    until(lambda: run.facts()["pids"][part] != before, what=f"another {part}")
    until(lambda: f"{part} is back" in run.log.read_text(), what=f"{part} at work")
    until(run.answers, what="answers")
    assert f"{part} ended (killed by SIGKILL); starting it again" in run.log.read_text()


def test_a_second_one_on_the_same_folder_is_refused(run: Run) -> None:
    second = subprocess.run(
        [ROOT / "run", f"--data-dir={run.data_dir}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert second.returncode == 1
    assert f"already running on {run.data_dir}" in second.stdout
    assert run.facts()["web_url"] in second.stdout
    assert run.answers()


def test_manage_finds_the_one_that_is_running(run: Run) -> None:
    lines = "from accounts.models import User; print(User.objects.get().email)"
    answer = subprocess.run(
        [ROOT / "manage.py", "shell", "--no-imports", "-c", lines],
        env=environment() | {"HANDLED_DATA_DIR": str(run.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert answer.stdout.splitlines()[-1:] == ["olga@example.com"], answer.stderr


def test_ctrl_c_ends_everything_and_the_next_start_continues(run: Run) -> None:
    before = run.facts()

    assert run.stop() == 0
    assert not orphans.find(run.data_dir)
    assert not any(is_alive(pid) for pid in before["pids"].values())
    assert not run.ready_file.exists()
    assert not (run.data_dir / "run.json").exists()

    run.start()
    after = run.facts()
    assert {k: after[k] for k in after if k.endswith("_url")} == {
        k: before[k] for k in before if k.endswith("_url")
    }
    assert run.rows("SELECT email FROM accounts_user") == [("olga@example.com",)]


def test_its_parts_end_when_it_is_killed_itself(run: Run) -> None:
    pids = run.facts()["pids"]

    os.kill(pids["supervisor"], signal.SIGKILL)
    assert run.process
    run.process.wait()

    until(lambda: not any(is_alive(pid) for pid in pids.values()), what="the end of every part")
