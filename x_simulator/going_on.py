"""What goes on by itself, beside whatever is asked, until it is stopped."""

import asyncio
from abc import ABC, abstractmethod


class GoingOn(ABC):
    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def go_on(self) -> None:
        """For ever."""

    def start(self) -> None:
        """Twice is as good as once."""
        if self._task is None:
            self._task = asyncio.create_task(self.go_on())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def stop(self) -> None:
        """Returns when it has ended."""
        task = self._task
        self.cancel()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
