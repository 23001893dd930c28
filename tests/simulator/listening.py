"""An open stream as a reader has it: line by line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

Json = dict[str, Any]
SIGN_OF_LIFE = ""
WITHIN = 60.0


class Listening:
    def __init__(
        self, answer: httpx.Response, check: Callable[[httpx.Response, Json], None]
    ) -> None:
        self.answer = answer
        self._check = check
        self._lines = answer.iter_lines()

    def next(self) -> str:
        """The next line as it is, also a sign of life. Raises StopIteration."""
        line = next(self._lines)
        if line != SIGN_OF_LIFE:
            self._check(self.answer, json.loads(line))
        return line

    def line(self) -> Json:
        """The next that says something; fails after twenty seconds of signs of life."""
        deadline, line = time.monotonic() + WITHIN, self.next()
        while line == SIGN_OF_LIFE:
            assert time.monotonic() < deadline, "The stream says nothing."
            line = self.next()
        told: Json = json.loads(line)
        return told

    def lines(self, number: int) -> list[Json]:
        return [self.line() for _ in range(number)]

    def until(self, text: str) -> list[Json]:
        """All that comes, with the first that has this somewhere at its end."""
        told = [self.line()]
        while text not in json.dumps(told[-1]):
            told.append(self.line())
        return told

    def rest(self) -> list[Json]:
        """All that comes until it ends."""
        told = list[Json]()
        while True:
            try:
                told.append(self.line())
            except StopIteration:
                return told
