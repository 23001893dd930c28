"""The command line of `./run`, and what the environment says in place of it."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded import data_dir

X_SECRETS = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_CLIENT_ID", "X_CLIENT_SECRET")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

EPILOG = """\
environment, to put real services in place of the embedded ones:
  DATABASE_URL            postgresql://user:password@host:port/name
  REDIS_URL               redis://host:port/0 or unix:///path/to/socket
  X_API_URL               https://api.x.com; with it X_CONSUMER_KEY, X_CONSUMER_SECRET,
                          X_CLIENT_ID and X_CLIENT_SECRET of your X developer app
  HANDLED_WEB_URL         the address by which browsers and X reach the pages
  HANDLED_DATA_DIR        the same as --data-dir
  HANDLED_OWNER_EMAIL     with HANDLED_OWNER_PASSWORD: the owner of --no-demo
"""


class OptionsError(Exception):
    """The wish can't be fulfilled; the text says why and what to do."""


@dataclass(frozen=True)
class Outside:
    """Real services that the environment puts in place; None where we start our own."""

    database_url: str | None
    redis_url: str | None
    x: dict[str, str] | None

    @property
    def is_real_x(self) -> bool:
        return bool(self.x) and urlsplit((self.x or {})["X_API_URL"]).hostname not in LOOPBACK


@dataclass(frozen=True)
class Options:
    port: int | None
    data_dir: Path
    fresh: bool
    demo: bool
    ready_file: Path | None
    outside: Outside


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Raises OptionsError when the environment contradicts itself."""
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Start Handled on this machine: database, pages, workers and a pretend X.",
        epilog=textwrap.dedent(EPILOG),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=port, metavar="N", help="port of the pages (default: the last one, or free)"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=Path(environment.get("HANDLED_DATA_DIR", data_dir.DEFAULT)),
        help="where everything is kept (default: .handled in the clone)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="delete what the data directory holds and begin anew"
    )
    parser.add_argument(
        "--no-demo",
        action="store_true",
        help="no demo brands and people: asks for the owner's e-mail and password",
    )
    parser.add_argument(
        "--ready-file",
        type=new_file,
        metavar="FILE",
        help="write addresses, sign-ins and process ids here (JSON) once everything answers",
    )
    found = parser.parse_args(arguments)
    return Options(
        port=found.port,
        data_dir=found.data_dir.expanduser().resolve(),
        fresh=found.fresh,
        demo=not found.no_demo,
        ready_file=found.ready_file,
        outside=outside(environment),
    )


def port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
    return int(text)


def new_file(text: str) -> Path:
    file = Path(text).expanduser().absolute()
    if file.is_dir() or not file.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{file} can't be written: name a file in a folder")
    return file


def outside(environment: Mapping[str, str]) -> Outside:
    """Raises OptionsError when only some of X's settings are there."""
    return Outside(
        database_url=environment.get("DATABASE_URL") or None,
        redis_url=environment.get("REDIS_URL") or None,
        x=outside_x(environment),
    )


def outside_x(environment: Mapping[str, str]) -> dict[str, str] | None:
    given = {n: environment[n] for n in ("X_API_URL", *X_SECRETS) if environment.get(n)}
    if not given:
        return None
    if missing := [name for name in X_SECRETS if name not in given]:
        raise OptionsError(
            f"The environment has {', '.join(given)} but not {', '.join(missing)}. Set all of "
            "them to work with X, or none of them to work with the simulator."
        )
    return {"X_API_URL": "https://api.x.com"} | given
