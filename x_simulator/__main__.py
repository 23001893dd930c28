"""Run the simulator: `python -m x_simulator --port 9000 --data-dir DIR --callback-url URL`."""

import argparse
import fcntl
import logging
import os
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import TextIO

import uvicorn

from x_simulator import app, settings
from x_simulator.settings import Settings
from x_simulator.world import World

GRACE_S = 5
KEEP_ALIVE_S = 75  # longer than callers keep an idle connection


class Program(uvicorn.Server):
    """Asked to end, it first lets every stream end and cuts the calls that a fault holds, and then
    ends well (status 0)."""

    def __init__(self, chosen: Settings) -> None:
        application = app.build(chosen)
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            server_header=False,
            date_header=False,  # X's own clock tells it, which may be skewed
            # Who calls is who connects: control calls are for this machine only.
            proxy_headers=False,
        )
        super().__init__(config)
        self.world: World = application.state.world
        application.state.connections = self.server_state.connections

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.world.feed.close()
        self.world.faults.release()
        self.world.streams.close()
        self.force_exit = self.should_exit
        self.should_exit = True


def main() -> None:
    options = _options()
    _log_plainly()
    try:
        chosen = settings.from_environment(
            os.environ, data_dir=options.data_dir, callback_urls=tuple(options.callback_url)
        )
    except settings.MissingCredentials as error:
        sys.exit(f"x_simulator: set {error} in the environment (any values; the app's must match).")
    try:
        held = hold(chosen.data_dir)  # until the program ends, however it does
    except BlockingIOError:
        sys.exit(f"x_simulator: {chosen.data_dir} is in use by another simulator.")
    except OSError as error:
        sys.exit(f"x_simulator: cannot keep its state in {chosen.data_dir}: {error}.")
    try:
        listening, chosen.origin = listen(options.host, options.port)
    except OSError as error:
        sys.exit(f"x_simulator: cannot listen on {options.host} port {options.port}: {error}.")
    program = Program(chosen)
    print(f"x_simulator listening on {chosen.origin}", flush=True)
    program.run(sockets=[listening])
    held.close()


def hold(folder: Path) -> TextIO:
    """One program has a folder: two would both send what is waiting and mint the same ids. Raises
    OSError, BlockingIOError where another one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """And the address of it. Named as TCP: otherwise asyncio leaves Nagle's algorithm on and every
    answer waits 40 ms."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(1024)
    named = f"[{host}]" if ":" in host else host
    return listening, f"http://{named}:{listening.getsockname()[1]}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="x_simulator", description="A pretend X.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: whichever is free")
    parser.add_argument("--data-dir", type=Path, required=True, help="where its state is kept")
    parser.add_argument(
        "--callback-url",
        action="append",
        default=[],
        help="an address that consent may lead back to; may be given several times",
    )
    return parser.parse_args()


def _log_plainly() -> None:
    """One line per call, without queries or headers: no token, secret or text is ever logged."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for chatterbox in ("httpx", "httpcore", "uvicorn", "uvicorn.error"):
        logging.getLogger(chatterbox).setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
