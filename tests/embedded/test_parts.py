"""Postgres and the other programs under `./run`: started again, ended, never orphaned."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
from pathlib import Path

import pytest

from config.embedded import orphans, parts, supervisor
from config.embedded.console import Console
from config.embedded.identity import Identity
from config.embedded.postgres import Cluster
from config.embedded.supervisor import StartError, Supervisor

ITSELF = Identity((), os.getuid(), Path("/usr/bin"))


def test_a_pid_file_of_a_stranger_is_cleared(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, tmp_path, 5432, "", ITSELF)
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")

    cluster.clear_stale_lock()

    assert not (tmp_path / "postmaster.pid").exists()


def test_an_orphan_is_known_by_the_data_directory_that_it_was_part_of(tmp_path: Path) -> None:
    environment = {**os.environ, orphans.MARK: str(tmp_path)}
    with subprocess.Popen(["sleep", "60"], env=environment) as orphan:
        assert orphans.find(tmp_path) == [orphan.pid]
        assert orphans.find(tmp_path.parent) == []

        orphans.end(tmp_path)

        assert orphan.wait(timeout=60) == -9


def part(*command: str) -> parts.Part:
    return parts.Part(
        "web", parts.PAGES, list(command), dict(os.environ), says_ready="ready", stop_within=0.5
    )


def supervise(*command: str, console: Console) -> None:
    async def start_and_stop() -> None:
        minder = Supervisor(console, lambda: None)
        try:
            await minder.start(part(*command))
        finally:
            await minder.stop()

    asyncio.run(start_and_stop())


@pytest.mark.parametrize("command", ["exit 3", "kill -SEGV $$"])
def test_a_part_that_never_starts_is_given_up(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))
    said = io.StringIO()

    with pytest.raises(StartError, match="web does not start"):
        supervise("sh", "-c", f"echo no luck; {command}", console=Console(said))

    assert said.getvalue().count("no luck") == supervisor.QUICK_ENDS


def test_a_program_that_is_not_there_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))

    with pytest.raises(StartError, match="No such file"):
        supervise("/no/such/program", console=Console(io.StringIO()))


def test_a_part_that_ignores_the_wish_to_stop_is_killed_in_time() -> None:
    said = io.StringIO()

    supervise("sh", "-c", "trap '' TERM; echo ready; sleep 60", console=Console(said))

    assert "ready" in said.getvalue()


def test_a_line_cannot_drive_the_terminal() -> None:
    said = io.StringIO()

    Console(said).say("text \x1b[2Jof\x07 a customer\x9b", "web")

    assert said.getvalue().split() == ["[web]", "text", "[2Jof", "a", "customer"]
