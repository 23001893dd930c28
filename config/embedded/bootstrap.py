"""Make `.venv` with the pinned parts if it isn't there, then hand over to a module inside it.

A script for a machine with Python 3.11 and nothing else: standard library only, and it imports
nothing of Handled. `run` and `test` call it: `bootstrap.py MODULE [ARGUMENT…]`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / "handled.stamp"


def main(arguments: list[str]) -> NoReturn:
    started = time.time()
    if not is_filled():
        with LOCK.open() as lock:
            # Two starts in one clone take turns; the second finds the work done.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_filled():
                fill()
    os.environ["HANDLED_STARTED_AT"] = str(started)
    # Compiled once by the first process that needs it, and kept out of the clone.
    os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )
    os.execv(PYTHON, [str(PYTHON), "-m", *arguments])  # noqa: S606 - our own interpreter


def is_filled() -> bool:
    """Whether `.venv` holds what the lock file pins; costs one hash, so every start can ask."""
    try:
        return STAMP.read_text() == stamp()
    except OSError:
        return False


def stamp() -> str:
    """What `.venv` was made of: the interpreter behind it and the pins."""
    interpreter = PYTHON.resolve(strict=True)
    return f"{interpreter}\n{hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n"


def fill() -> None:
    make_venv()
    installer = Path(__file__).with_name("install.py")
    result = subprocess.run([sys.executable, installer, VENV, LOCK], check=False)
    if result.returncode:
        sys.exit(result.returncode)
    STAMP.write_text(stamp())


def make_venv() -> None:
    if PYTHON.exists() and has_packages_for(PYTHON):
        return
    say(f"Making .venv with Python {sys.version_info.major}.{sys.version_info.minor}")
    try:
        import venv
    except ImportError:
        sys.exit("This Python lacks its venv module. On Debian: apt-get install python3-venv")
    # Bare Debian has no ensurepip, and uv needs no pip.
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(VENV)


def has_packages_for(python: Path) -> bool:
    """Whether `.venv` was made for this interpreter: an upgrade of the system's breaks it."""
    return (VENV / "lib" / python.resolve().name / "site-packages").is_dir()


def say(line: str) -> None:
    print(f"[setup] {line}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
