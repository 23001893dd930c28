"""The pages' process changes its workers, and nobody who calls meanwhile notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.embedded.child import die_with
from tests.compose import ROOT, free_port
from tests.stack import until

pytestmark = pytest.mark.processes

WITHIN = 60.0
# An application that loads while its gate is open, and says which process answers.
SITE = """
import os, pathlib, time

def site():
    while not pathlib.Path(os.environ["GATE"]).exists():
        time.sleep(0.02)
    return application

def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""
# Longer than granian by itself leaves a new worker to load.
LONGER_THAN_GRANIAN_WAITS_S = 4.5


class Web:
    def __init__(self, process: subprocess.Popen[bytes], port: int, gate: Path) -> None:
        self.process, self.gate = process, gate
        self.client = httpx.Client(trust_env=False, timeout=WITHIN)
        self.url = f"http://127.0.0.1:{port}/"

    def push(self) -> int:
        """Over a connection of its own. Returns who answered."""
        answer = self.client.post(self.url, content=b"{}", headers={"Connection": "close"})
        return int(answer.raise_for_status().text)

    def workers(self) -> set[int]:
        pid = self.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """With one worker."""
    (tmp_path / "site_of_test.py").write_text(SITE)
    gate, port = tmp_path / "gate", free_port()
    gate.touch()
    command = [sys.executable, "-m", "config.web", f"--port={port}", "--workers=1"]
    process = subprocess.Popen(
        [*command, "--factory", "site_of_test:site"],
        env=os.environ | {"GATE": str(gate), "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        cwd=tmp_path,
        preexec_fn=die_with(os.getpid(), signal.SIGKILL),
    )
    web = Web(process, port, gate)
    with web.client:
        try:
            until(lambda: answers(web), within=WITHIN)
            yield web
        finally:
            process.terminate()
            process.wait(WITHIN)


def answers(web: Web) -> bool:
    try:
        return web.push() > 0
    except httpx.ConnectError:
        return False


def test_the_old_worker_answers_until_the_new_one_has_loaded(web):
    old = web.workers()
    web.gate.unlink()
    web.process.send_signal(signal.SIGHUP)
    [new] = until(lambda: web.workers() - old, within=WITHIN)
    begun = time.monotonic()
    while time.monotonic() - begun < LONGER_THAN_GRANIAN_WAITS_S:
        assert {web.push()} == old
        time.sleep(0.1)

    web.gate.touch()

    until(lambda: web.push() == new, within=WITHIN)
    until(lambda: web.workers() == {new}, within=WITHIN)


def test_who_calls_when_no_worker_is_there_is_answered_by_the_next(web):
    [old] = web.workers()
    web.gate.unlink()
    os.kill(old, signal.SIGKILL)
    [new] = until(lambda: web.workers() - {old}, within=WITHIN)
    threading.Timer(0.5, web.gate.touch).start()

    assert web.push() == new


def test_it_ends_well_and_at_once(web):
    web.process.terminate()
    assert web.process.wait(WITHIN) == 0
