"""The same program in a thread of the tests: what it asks of its database can be watched."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.simulator.contract import Contract
from tests.simulator.program import CALLBACK, CREDENTIALS, STARTS_WITHIN, Program
from x_simulator import __main__ as program
from x_simulator import settings


class Inside(Program):
    """`asked` hears every statement, with its values in it."""

    def __init__(
        self, folder: Path, asked: Callable[[str], None], contract: Contract | None = None
    ) -> None:
        super().__init__(folder, contract)
        self._asked = asked
        self._listening = threading.Event()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._listening.wait(STARTS_WITHIN), "The simulator did not start."

    def _run(self) -> None:
        chosen = settings.from_environment(
            CREDENTIALS,
            data_dir=self.folder / "data",
            callback_urls=(CALLBACK, "https://desk.example.com/callback"),
        )
        listening, chosen.origin = program.listen("127.0.0.1", 0)
        self._server = program.Program(chosen)
        self._server.world.store.watch(self._asked)
        self.url = chosen.origin
        self._listening.set()
        self._server.run(sockets=[listening])

    def end(self, number: int = signal.SIGTERM) -> int:
        self._server.handle_exit(number, None)
        deadline = time.monotonic() + 60
        while self._thread.is_alive():
            assert time.monotonic() < deadline, "The simulator did not end."
            self._thread.join(0.1)
        return 0

    def log(self) -> str:
        return ""
