"""What every actor says that it did, one JSON line each: before it began, and how it ended."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class How(StrEnum):
    INVOKE = "invoke"
    OK = "ok"
    # Certainly not done.
    FAIL = "fail"
    # Done or not: nobody can say.
    INFO = "info"


@dataclass
class Lines:
    """Safe for many threads. `at` is in seconds since the lines began, by a clock that never
    jumps."""

    path: Path
    said: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def say(self, actor: str, how: How, deed: str, **facts: Any) -> None:
        at = round(time.monotonic() - self._began, 3)
        line = {"at": at, "actor": actor, "how": how.value, "deed": deed, **facts}
        with self._lock, self.path.open("a") as file:
            self.said.append(line)
            file.write(json.dumps(line) + "\n")

    def of(self, deed: str, *hows: How) -> list[Line]:
        return [line for line in self.said if line["deed"] == deed and line["how"] in hows]
