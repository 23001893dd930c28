"""One process of ours: its own session, its output by lines, its end awaited, never orphaned.

There are no threads here, so it is safe to run Python between fork and exec, and one SIGCHLD
handler reaps every child, also those of killed parts that Linux hands to us as their subreaper.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Bound before any fork: looking a symbol up afterwards could need a lock that nobody holds open.
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

Listener = Callable[[str], None]


class Child:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self.exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.finished_talking = asyncio.Event()
        self._process = process

    def is_running(self) -> bool:
        return not self.exit_code.done()

    def signal(self, number: int) -> None:
        if self.is_running():
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """Kill it and whatever it started that stayed in its session's group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self, number: int, within: float) -> None:
        """Ask it to end; kill what has not ended in time."""
        self.signal(number)
        await asyncio.wait([self.exit_code], timeout=within)
        self.kill_group()
        await self.exit_code

    def has_ended(self, code: int) -> None:
        self._process.returncode = code
        if self.is_running():
            self.exit_code.set_result(code)


class Nursery:
    """Starts children and learns of their ends."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)
        if PRCTL:
            PRCTL(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def close(self) -> None:
        """Leave the process as it was. A child that was being started meanwhile ends here."""
        for child in self._children.values():
            child.kill_group()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        if PRCTL:
            PRCTL(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)

    async def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        tell: Listener,
        death_signal: int = signal.SIGKILL,
    ) -> Child:
        """Start a program.

        Raises OSError when it can't be. `death_signal` is what Linux sends it should this process
        die without a word.
        """
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                preexec_fn=die_with(os.getpid(), death_signal),
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        child = self._children[process.pid] = Child(process)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: Lines(tell, child.finished_talking), os.fdopen(reading, "rb", 0)
        )
        return child

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if child := self._children.pop(pid, None):
                child.has_ended(os.waitstatus_to_exitcode(status))


def die_with(parent: int, number: int) -> Callable[[], None] | None:
    """What runs in a new child before its program: tie its life to ours."""
    if PRCTL is None:
        return None

    def tie() -> None:
        PRCTL(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


class Lines(asyncio.Protocol):
    """Cuts a child's output into lines and passes each one on."""

    LONGEST = 16 * 1024

    def __init__(self, tell: Listener, finished: asyncio.Event) -> None:
        self._tell = tell
        self._finished = finished
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > self.LONGEST:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._tell(line.decode(errors="replace"))

    def connection_lost(self, error: Exception | None) -> None:
        if self._rest:
            self._tell(self._rest.decode(errors="replace"))
        self._finished.set()


def meaning_of(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
