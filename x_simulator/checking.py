"""X challenges webhooks again at times that nobody knows beforehand.

X's documents say "hourly" in one place, "every 30 minutes" in another, and when depends on how long
ago it last passed: an app has to answer at any time. A webhook that is not valid is left alone
until the app asks.
"""

import asyncio
import random
from typing import TYPE_CHECKING

from x_simulator.challenges import Outcome
from x_simulator.going_on import GoingOn

if TYPE_CHECKING:
    from x_simulator.webhooks import Webhook
    from x_simulator.world import World

EVERY_S = (1_800.0, 3_600.0)


class Checks(GoingOn):
    """How often, and with which seed; both outlive the program."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    @property
    def every_s(self) -> tuple[float, float]:
        least, most = self._world.store.switch("checks_every_s", default=list(EVERY_S))
        return least, most

    @property
    def seed(self) -> int | None:
        seed: int | None = self._world.store.switch("checks_seed", default=None)
        return seed

    def plan(self, every_s: tuple[float, float], seed: int | None) -> None:
        """From now on. The same seed makes the same pauses."""
        self._world.store.set_switch("checks_every_s", list(every_s))
        self._world.store.set_switch("checks_seed", seed)
        self.cancel()
        self.start()

    async def go_on(self) -> None:
        lot = random.Random(self.seed)  # noqa: S311 (when, not a secret)
        while True:
            await asyncio.sleep(lot.uniform(*self.every_s))
            await self.check_all()

    async def check_all(self) -> list[tuple["Webhook", Outcome]]:
        """Every valid one, now."""
        webhooks = self._world.webhooks
        return [(one, await webhooks.check(one)) for one in webhooks.all() if one.valid]
