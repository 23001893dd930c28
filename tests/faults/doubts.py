"""How long replies stay in doubt that X did not confirm: looked at from outside, ever again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType

import psycopg2

from tests.faults.lines import How
from tests.faults.trial import Trial, share

LOOKS_EVERY = 0.25
IN_DOUBT = """
SELECT id FROM inbox_message WHERE state = 'uncertain' AND client_key::text = ANY(%(keys)s)
"""
EVER = """
SELECT DISTINCT message.id FROM twitter_sync_sendattempt attempt
JOIN inbox_message message ON message.id = attempt.message_id
WHERE attempt.outcome = 'uncertain' AND message.client_key::text = ANY(%(keys)s)
"""


class Doubts:
    """Of the replies of a trial, while it is entered. `took` are the seconds that each was in
    doubt, as exact as it is looked; printed when it is left."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.over = trial, threading.Event()
        self.took: list[float] = []
        self.seen: dict[int, tuple[float, float]] = {}
        self.pool = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Doubts:
        self.looking = self.pool.submit(self.look)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.over.set()
        self.pool.shutdown()
        self.looking.result()
        if error is None:
            self.measure()

    def look(self) -> None:
        while not self.over.wait(LOOKS_EVERY):
            with suppress(psycopg2.OperationalError):
                for number in self.among(IN_DOUBT):
                    now = time.monotonic()
                    since, _ = self.seen.get(number, (now, now))
                    self.seen[number] = since, now

    def among(self, statement: str) -> list[int]:
        keys = [line["key"] for line in self.trial.lines.of("reply", How.INVOKE)]
        return [row["id"] for row in self.trial.rows(statement, keys=keys)]

    def were(self, number: int) -> bool:
        """So many at least."""
        return len(self.among(EVER)) >= number

    def are_settled(self) -> bool:
        return not self.among(IN_DOUBT)

    def measure(self) -> None:
        never = (0.0, 0.0)  # settled between two looks
        times = (self.seen.get(number, never) for number in self.among(EVER))
        self.took = [until - since + LOOKS_EVERY for since, until in times]
        print(
            f"{self.trial.check}: {len(self.took)} in doubt, 99 % settled within"
            f" {share(self.took, 0.99):.1f} s, all within {max(self.took, default=0):.1f} s",
            flush=True,
        )
