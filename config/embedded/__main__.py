"""`./run`: start Handled on this machine and keep it running until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

from config.embedded import options as command_line
from config.embedded import orphans, owner
from config.embedded.addresses import PortTakenError
from config.embedded.console import Console
from config.embedded.data_dir import DataDir, DataDirError
from config.embedded.identity import PostgresError
from config.embedded.layout import lay_out
from config.embedded.options import Options, OptionsError
from config.embedded.owner import Owner
from config.embedded.session import Session
from config.embedded.supervisor import StartError
from config.embedded.valkey import ValkeyError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXPECTED = (DataDirError, OptionsError, PortTakenError, PostgresError, StartError, ValkeyError)


def main() -> int:
    os.umask(0o077)
    console = Console()
    try:
        options = command_line.parse(sys.argv[1:], os.environ)
        data_dir = DataDir(options.data_dir)
        with data_dir.claim():
            if options.fresh:
                data_dir.empty()
            orphans.end(data_dir.path)
            options = settle_demo(options, data_dir, console)
            asks = not (options.demo or data_dir.remembered().get("has_owner"))
            first_owner = owner.wanted(os.environ) if asks else None
            return asyncio.run(run(options, data_dir, first_owner, console))
    except EXPECTED as error:
        console.say(str(error))
        return 1
    except (KeyboardInterrupt, EOFError):
        return 130


def settle_demo(options: Options, data_dir: DataDir, console: Console) -> Options:
    """Demo or not is decided by the first run; real people's data never gets the demo's later."""
    decided = bool(data_dir.remembered().get("demo", options.demo))
    data_dir.remember(demo=decided)
    if decided and not options.demo:
        console.say("The demo is in this data directory already; --fresh begins without it.")
    if decided and options.outside.is_real_x:
        console.say("X itself is configured, so the demo is left out: it needs the simulator.")
    return replace(options, demo=decided and not options.outside.is_real_x)


async def run(
    options: Options, data_dir: DataDir, first_owner: Owner | None, console: Console
) -> int:
    """Start everything, wait for a signal, stop everything."""
    if options.ready_file:
        options.ready_file.unlink(missing_ok=True)
    layout = lay_out(options.port, options.outside, data_dir)
    session = Session(options, data_dir, layout, first_owner, console)
    signals = Signals()
    starting = asyncio.create_task(session.start())
    try:
        await asyncio.wait([starting, signals.first], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await signals.first
        return 0
    finally:
        starting.cancel()
        console.say("Stopping. Ctrl-C once more stops at once.")
        await stop(session, signals)
        console.say(f"Stopped. What is kept is in {data_dir.path}")


async def stop(session: Session, signals: Signals) -> None:
    stopping = asyncio.create_task(session.stop())
    await asyncio.wait([stopping, signals.second], return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        await session.stop(at_once=True)
    await stopping


class Signals:
    """The first wish to stop, and the second, which is an impatient one."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future[None] = loop.create_future()
        self.second: asyncio.Future[None] = loop.create_future()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._received)

    def _received(self) -> None:
        for wish in (self.first, self.second):
            if not wish.done():
                wish.set_result(None)
                return


if __name__ == "__main__":
    sys.exit(main())
