"""Keeps parts running: starts them, starts them again when they end, stops them in order."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from config.embedded.child import Child, Nursery, meaning_of
from config.embedded.console import Console
from config.embedded.data_dir import ROOT
from config.embedded.parts import Part

PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0, 30.0)
# A part that ran this long was well; the next end of it is the first again.
WELL_AFTER = 10.0
# Without ever having answered: after so many quick ends, or this long, the start has failed.
QUICK_ENDS = 4
ANSWER_WITHIN = 90.0
ASK_EVERY = 0.05
# A part that can't be asked and keeps silent, though its logs should say it, is taken for well.
SPEAKS_WITHIN = 20.0


class StartError(Exception):
    """A part or a command did not work; the text says which, and where to look."""


class Keeper:
    """One part and the process that it is at the moment."""

    def __init__(self, part: Part, nursery: Nursery, console: Console, changed: Callable[[], None]):
        self.part = part
        self.child: Child | None = None
        self.ready = asyncio.Event()
        self._nursery = nursery
        self._console = console
        self._changed = changed
        self._stopping = False
        self._was_ready = False
        self._said_ready = False
        self._quick_ends = 0
        self._keeping = asyncio.create_task(self._keep())

    async def until_ready(self) -> None:
        """Raises StartError when the part gives up or says nothing for too long."""
        waiting = asyncio.create_task(self.ready.wait())
        try:
            await asyncio.wait(
                [waiting, self._keeping],
                timeout=ANSWER_WITHIN,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self._keeping.done():
                await self._keeping
            if not self.ready.is_set():
                raise StartError(f"{self.part.name} did not answer in {ANSWER_WITHIN:.0f} s.")
        finally:
            waiting.cancel()

    async def stop(self, at_once: bool = False) -> None:
        self._stopping = True
        if self.child and self.child.is_running():
            within = 0 if at_once else self.part.stop_within
            await self.child.stop(self.part.stop_signal, within)
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self) -> None:
        while not self._stopping:
            began = time.monotonic()
            reason = await self._live(began)
            self.ready.clear()
            if not self._stopping:
                await self._pause(reason, time.monotonic() - began)

    async def _live(self, began: float) -> str:
        """One life of the part, from its start to its end; answers how it ended."""
        self._said_ready = False
        part = self.part
        try:
            part.prepare()
            child = self.child = await self._nursery.start(
                part.command, part.environment, ROOT, self._heard, part.death_signal
            )
        except OSError as error:
            return str(error)
        self._changed()
        asking = asyncio.create_task(self._ask_until_ready(child, began))
        try:
            return meaning_of(await child.exit_code)
        finally:
            asking.cancel()
            # A killed server may leave workers behind that still hold its port.
            child.kill_group()

    async def _ask_until_ready(self, child: Child, began: float) -> None:
        while not await self._is_up(time.monotonic() - began):
            await asyncio.sleep(ASK_EVERY)
        if child.is_running():
            if self._was_ready:
                self._say(f"{self.part.name} is back after {time.monotonic() - began:.1f} s.")
            self._was_ready = True
            self.ready.set()

    async def _is_up(self, lived: float) -> bool:
        if self.part.answers:
            return await self.part.answers()
        return self._said_ready or lived > SPEAKS_WITHIN

    async def _pause(self, reason: str, lived: float) -> None:
        self._quick_ends = 1 if lived > WELL_AFTER else self._quick_ends + 1
        if not self._was_ready and self._quick_ends >= QUICK_ENDS:
            raise StartError(
                f"{self.part.name} does not start ({reason}); its last lines above say why."
            )
        pause = PAUSES[min(self._quick_ends, len(PAUSES)) - 1]
        when = "at once" if pause < 1 else f"in {pause:.0f} s"
        self._say(f"{self.part.name} ended ({reason}); starting it again {when}.")
        await asyncio.sleep(pause)

    def _heard(self, line: str) -> None:
        if self.part.says_ready and re.search(self.part.says_ready, line):
            self._said_ready = True
        if line.strip() and not (self.part.leave_out and re.search(self.part.leave_out, line)):
            self._console.say(line, self.part.name)

    def _say(self, line: str) -> None:
        self._console.say(line)


class Supervisor:
    def __init__(self, console: Console, changed: Callable[[], None]) -> None:
        self._console = console
        self._changed = changed
        self._nursery = Nursery()
        self._keepers: dict[str, Keeper] = {}

    def pids(self) -> dict[str, int]:
        return {name: k.child.pid for name, k in self._keepers.items() if k.child}

    async def start(self, *parts: Part) -> None:
        """Start parts side by side; done when every one of them answers."""
        self.begin(*parts)
        await self.until_ready(*parts)

    def begin(self, *parts: Part) -> None:
        for part in parts:
            self._keepers[part.name] = Keeper(part, self._nursery, self._console, self._changed)

    async def until_ready(self, *parts: Part) -> None:
        await asyncio.gather(*(self._keepers[part.name].until_ready() for part in parts))

    async def run(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        quietly: bool = False,
    ) -> list[str]:
        """Run one command to its end and answer its lines. Raises StartError if it fails."""
        lines: list[str] = []

        def heard(line: str) -> None:
            lines.append(line)
            if not quietly:
                self._console.say(line, name)

        child = await self._nursery.start(command, environment, ROOT, heard)
        try:
            code = await child.exit_code
            await child.finished_talking.wait()
        finally:
            child.kill_group()
        if code:
            for line in lines if quietly else []:
                self._console.say(line, name)
            raise StartError(f"{name} failed ({meaning_of(code)}); its lines above say why.")
        return lines

    async def stop(self, at_once: bool = False) -> None:
        """Stop everything, what leans on others first."""
        keepers = sorted(self._keepers.values(), key=lambda keeper: -keeper.part.stage)
        for _, stage in groupby(keepers, key=lambda keeper: keeper.part.stage):
            await asyncio.gather(*(keeper.stop(at_once) for keeper in stage))
        self._nursery.close()
