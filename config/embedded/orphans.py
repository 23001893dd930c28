"""Parts that outlived their `./run`: Linux ends direct children with it, not their children.

Only a `./run` and, at the same moment, one of its servers dying by kill -9 leaves any. They would
go on answering on a port of the next `./run`, so that one ends them first.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

# Every part carries it, and nothing else does: a user may well export HANDLED_DATA_DIR.
MARK = "HANDLED_PART_OF"


def end(data_dir: Path) -> None:
    """End every left-over part of this data directory. Call it with the directory's lock held."""
    for pid in find(data_dir):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def find(data_dir: Path) -> list[int]:
    wanted = f"{MARK}={data_dir}".encode()
    return [pid for pid in processes() if wanted in variables(pid)]


def processes() -> list[int]:
    proc = Path("/proc")
    names = os.listdir(proc) if proc.is_dir() else []
    return [int(name) for name in names if name.isdigit() and int(name) != os.getpid()]


def variables(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or another user's
        return []
