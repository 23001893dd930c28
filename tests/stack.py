"""The whole of Handled as `./run` starts it, for tests that look from outside with a browser.

One for the session, on free ports and in a folder of its own: Postgres, Valkey, the simulator, web,
live, workers. People and handles are made by tests/browser/cast.py; the rest is done by pages.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.embedded.child import die_with
from config.embedded.environment import OURS

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 120.0
ENDS_WITHIN = 40.0
# Making a client reads every certificate there is: one for all calls, each with a line of its own.
HTTP = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
OWNER = {"HANDLED_OWNER_EMAIL": "olga@example.com", "HANDLED_OWNER_PASSWORD": "a-long-password-9"}


@dataclass(frozen=True)
class Stack:
    """Where it answers, and `_sim/` calls of the pretend X. `log` has the lines of every part."""

    data_dir: Path
    log: Path
    web: str
    live: str
    simulator: str
    pids: dict[str, int]

    def tell_x(self, path: str, **body: Any) -> Any:
        answer = HTTP.post(f"{self.simulator}/_sim/{path}", json=body, timeout=300)
        assert answer.is_success, answer.text
        return answer.json()

    def ask_x(self, path: str) -> Any:
        return HTTP.get(f"{self.simulator}/_sim/{path}", timeout=20).json()

    def manage(self, *arguments: str) -> str:
        """A program of the house with the settings of this run, as a person would call it."""
        answer = self.run(*arguments)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Likewise, however it ends."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment() | {"HANDLED_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def running(
    folder: Path, program: Sequence[str | Path] = (ROOT / "run",), **told: str
) -> Iterator[Stack]:
    """`./run --no-demo` in `folder`, or what stands in its place; ends every process that it
    started."""
    data_dir, ready, log = folder / "data", folder / "ready.json", folder / "log"
    command = [*program, "--no-demo", f"--data-dir={data_dir}", f"--ready-file={ready}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment() | told,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with(os.getpid(), signal.SIGINT),
        )
    try:
        until(ready.exists, within=STARTS_WITHIN, unless=lambda: ended(process, log))
        facts = json.loads(ready.read_text())
        yield Stack(
            data_dir,
            log,
            facts["web_url"],
            facts["live_url"],
            facts["simulator_url"],
            facts["pids"],
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(ENDS_WITHIN)


def environment() -> dict[str, str]:
    """Ours without what the tests set for themselves: this run has servers of its own."""
    ours = {name: value for name, value in os.environ.items() if name not in OURS}
    return ours | OWNER


def ended(process: subprocess.Popen[bytes], log: Path) -> str:
    return "" if process.poll() is None else f"./run ended:\n{log.read_text()[-4000:]}"


def until(
    happened: Callable[[], object], *, within: float, unless: Callable[[], str] = lambda: ""
) -> Any:
    """What `happened` returns once it is true. Fails when it takes too long, or `unless` speaks."""
    deadline = time.monotonic() + within
    while True:
        if found := happened():
            return found
        if trouble := unless():
            raise AssertionError(trouble)
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing came within {within:.0f} s")
        time.sleep(0.05)
