"""What becomes of a delivery on its way: lost, repeated, late, out of order."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from x_simulator.faults.rules import Faults, Strike

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Fate:
    """Of one delivery and of its repeats, each of which waits on its own."""

    names: str = ""
    is_lost: bool = False
    waits_s: tuple[float, ...] = (0.0,)
    # How many later ones overtake it, as long as the wait lasts.
    behind: int = 0

    @classmethod
    def of_delivery(cls, faults: Faults, event_type: str, user_id: int, over: str) -> "Fate":
        """Over a webhook or a stream."""
        return cls._of(faults.strikes("delivery", event_type, user_id, over=over))

    @classmethod
    def _of(cls, strikes: Sequence[Strike]) -> "Fate":
        struck = {strike.name: strike for strike in reversed(strikes)}
        names = ",".join(strike.name for strike in strikes)
        if "delivery_lost" in struck:
            return cls(names, is_lost=True)
        behind, wait_s, repeats = 0, 0.0, list[float]()
        if strike := struck.get("delivery_disordered"):
            behind, wait_s = strike.whole("behind"), strike.within("seconds")
        elif strike := struck.get("delivery_delayed"):
            wait_s = strike.within("seconds")
        if strike := struck.get("delivery_repeated"):
            copies = strike.whole("copies")
            repeats = [wait_s + strike.within("seconds") for _ in range(copies)]
        return cls(names, False, (wait_s, *repeats), behind)


class Held(Generic[Item]):
    """Things that go later: at their time, or once enough others have gone past."""

    def __init__(self, go: Callable[[Item], None]) -> None:
        self._go = go
        self._numbers = count()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._to_pass: dict[int, int] = {}
        self._items: dict[int, Item] = {}

    @property
    def are_there(self) -> bool:
        return bool(self._items)

    def hold(self, item: Item, seconds: float, behind: int = 0) -> None:
        number = next(self._numbers)
        self._items[number] = item
        loop = asyncio.get_running_loop()
        self._timers[number] = loop.call_later(seconds, self._let_go, number)
        if behind:
            self._to_pass[number] = behind

    def passed(self) -> None:
        """One of those that are not held has gone."""
        for number in self._to_pass:
            self._to_pass[number] -= 1
        for number in [number for number, left in self._to_pass.items() if left == 0]:
            self._let_go(number)

    def _let_go(self, number: int) -> None:
        self._timers.pop(number).cancel()
        self._to_pass.pop(number, None)
        self._go(self._items.pop(number))

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for held in (self._timers, self._to_pass, self._items):
            held.clear()
