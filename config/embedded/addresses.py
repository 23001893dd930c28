"""Ports asked of the system and kept, and a folder for unix sockets whose path is short enough."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
# sun_path has 108 bytes on Linux and 104 on macOS, one of them the closing NUL.
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
LONGEST_SOCKET_NAME = ".s.PGSQL.65535.lock"


class PortTakenError(Exception):
    """A port that was asked for by number is in use."""


class Ports:
    """Reserves ports, so that a part that is restarted always gets its own back.

    On Linux a socket that is bound with SO_REUSEADDR and never listens keeps a port from being
    handed out, while a server that also sets SO_REUSEADDR may listen on it.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def reserve(self, wanted: int | None) -> int:
        """The wanted port if it is free, else one of the system's choice."""
        try:
            return self._bind(wanted or 0)
        except OSError:
            return self._bind(0)

    def reserve_exactly(self, port: int) -> int:
        try:
            return self._bind(port)
        except OSError as error:
            raise PortTakenError(
                f"Port {port} can't be used ({error.strerror}). "
                "Choose another with --port, or leave --port out."
            ) from error

    def _bind(self, port: int) -> int:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((HOST, port))
            chosen = int(holder.getsockname()[1])
        except OSError:
            holder.close()
            raise
        if sys.platform == "linux":
            self._held.append(holder)
        else:
            holder.close()
        return chosen


class SocketFolder:
    """A private folder for unix sockets: in the data directory unless its path is too long."""

    def __init__(self, preferred: Path) -> None:
        self.is_temporary = not fits(preferred)
        if self.is_temporary:
            self.path = Path(tempfile.mkdtemp(prefix="handled-"))
        else:
            self.path = preferred
            shutil.rmtree(preferred, ignore_errors=True)
            preferred.mkdir(mode=0o700)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def fits(folder: Path) -> bool:
    return len(bytes(folder / LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH
