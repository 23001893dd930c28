"""The data directory: who may use it, what stands in it, and what is remembered between runs."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / ".handled"


class DataDirError(Exception):
    """The folder can't be used; the text says why and what to do."""


@dataclass(frozen=True)
class DataDir:
    path: Path

    @property
    def marker(self) -> Path:
        return self.path / "handled.json"

    @property
    def run_file(self) -> Path:
        """What a running `./run` tells other programs of this clone (`manage.py` reads it)."""
        return self.path / "run.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    def folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    # Taking it

    def claim(self) -> IO[str]:
        """Make the folder ours for as long as the answer stays open.

        Raises DataDirError if it is somebody else's folder or another `./run` is using it.
        """
        self._require_ours_or_empty()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            lock = self.lock_file.open("a+")
        except PermissionError as error:
            raise DataDirError(
                f"{self.path} belongs to another user ({error.strerror}). "
                "Choose another folder with --data-dir."
            ) from error
        self._take(lock)
        write_json(self.marker, {"program": "handled", "format": 1})
        return lock

    def _require_ours_or_empty(self) -> None:
        try:
            names = set(os.listdir(self.path)) if self.path.exists() else set()
        except (NotADirectoryError, PermissionError) as error:
            raise DataDirError(f"{self.path} can't be used: {error.strerror}.") from error
        if names - {"lock"} and self.marker.name not in names:
            raise DataDirError(
                f"{self.path} holds files that aren't Handled's, so nothing was touched. "
                "Choose an empty or a new folder with --data-dir."
            )

    def _take(self, lock: IO[str]) -> None:
        # manage.py looks for a moment whether the lock is free; a short wait lets it finish.
        deadline = time.monotonic() + 1
        while not locked(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise DataDirError(self._who_runs(lock))
            time.sleep(0.05)
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()

    def _who_runs(self, lock: IO[str]) -> str:
        lock.seek(0)
        pid = lock.read().strip() or "unknown"
        address = (self.running() or {}).get("web_url")
        at = f", at {address}" if address else ""
        return (
            f"./run is already running on {self.path} (process {pid}{at}). "
            "Stop it with Ctrl-C there, or choose another folder with --data-dir."
        )

    def empty(self) -> None:
        """Remove everything but the lock and the marker (--fresh, after the claim)."""
        for entry in self.path.iterdir():
            if entry in (self.lock_file, self.marker):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    # What is remembered

    def running(self) -> dict[str, Any] | None:
        """What a running `./run` says of itself, or None when none is running."""
        try:
            with self.lock_file.open() as lock:
                if locked(lock, fcntl.LOCK_SH):
                    return None
            return read_json(self.run_file) or None
        except OSError:
            return None

    def secrets(self) -> dict[str, str]:
        """Keys and passwords of this installation, made once; the file is its owner's alone."""
        file = self.path / "secrets.json"
        known = read_json(file)
        made = {name: make() for name, make in SECRETS.items() if name not in known}
        if made:
            write_json(file, known | made)
        return known | made

    def remembered(self) -> dict[str, Any]:
        return read_json(self.path / "state.json")

    def remember(self, **facts: object) -> None:
        write_json(self.path / "state.json", self.remembered() | facts)


def fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


SECRETS: dict[str, Callable[[], str]] = {
    "HANDLED_SECRET_KEY": lambda: secrets.token_urlsafe(60),
    "HANDLED_TOKEN_KEYS": fernet_key,
    "DATABASE_PASSWORD": lambda: secrets.token_urlsafe(24),
    "X_CONSUMER_KEY": lambda: secrets.token_urlsafe(18),
    "X_CONSUMER_SECRET": lambda: secrets.token_urlsafe(36),
    "X_CLIENT_ID": lambda: secrets.token_urlsafe(24),
    "X_CLIENT_SECRET": lambda: secrets.token_urlsafe(36),
}


def locked(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_json(file: Path) -> dict[str, Any]:
    """A file's object; none yet is an empty one."""
    try:
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return {}


def write_json(file: Path, value: object) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as stream:
        stream.write(json.dumps(value, indent=2) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
