"""Whether anything hangs: pages without an answer, workers without progress, news that ends."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from types import TracebackType

import httpx
import psycopg2

from tests.faults.actors import Agent, Load
from tests.faults.trial import Trial

LOOKS_EVERY = 0.5
# Longer than what may be asserted: a question that never ends is found, not waited for.
PATIENCE = 90.0
NEWS = ("event: conversation", "event: missed")
# What workers got done, and whether there is more of it to do.
DONE = {
    "events": """
        SELECT count(*) FILTER (WHERE state <> 'pending') AS done,
               count(*) FILTER (WHERE state = 'pending') > 0 AS is_wanted
        FROM twitter_sync_rawevent
    """,
    "replies": """
        SELECT count(*) FILTER (WHERE state <> 'queued') AS done,
               count(*) FILTER (WHERE state = 'queued'
                                AND not_before < statement_timestamp()) > 0 AS is_wanted
        FROM inbox_message WHERE client_key IS NOT NULL
    """,
}
WATCHED = ("pages", "live", *DONE, "news")


class Watch:
    """While it is entered. `worst` are the longest seconds without a sign of life, by who owed it:
    the pages and the live process an answer, `events` and `replies` some progress while there is
    something to do, `news` an event of a browser's stream."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.over = trial, threading.Event()
        self.worst = dict.fromkeys(WATCHED, 0.0)
        self.pool = ThreadPoolExecutor(max_workers=len(WATCHED) + 1)

    def __enter__(self) -> Watch:
        stack, begin = self.trial.stack, self.pool.submit
        # Signing in is no part of what is watched, and comes before anything is broken.
        desk = desk_of(self.trial)
        self.watching = [
            begin(self.ask, "pages", f"{stack.web}/ready"),
            begin(self.ask, "pages", f"{stack.web}/live"),
            begin(self.ask, "live", f"{stack.live}/live/ready"),
            *(begin(self.follow, name, statement) for name, statement in DONE.items()),
            begin(self.listen, desk),
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Who watches and fails fails the trial."""
        self.over.set()
        self.pool.shutdown()
        for one in self.watching:
            one.result()

    def note(self, name: str, since: float) -> None:
        self.worst[name] = max(self.worst[name], time.monotonic() - since)

    def ask(self, name: str, url: str) -> None:
        """Whatever is answered is an answer: unwell is not hung. Who is not there gives none."""
        since = time.monotonic()
        while not self.over.wait(LOOKS_EVERY):
            with suppress(httpx.HTTPError):
                httpx.get(url, trust_env=False, timeout=PATIENCE)
                self.note(name, since)
                since = time.monotonic()
        self.note(name, since)

    def follow(self, name: str, statement: str) -> None:
        done, since = -1, time.monotonic()
        while not self.over.wait(LOOKS_EVERY):
            with suppress(psycopg2.OperationalError):
                [found] = self.trial.rows(statement)
                if found["done"] != done or not found["is_wanted"]:
                    done, since = found["done"], time.monotonic()
            self.note(name, since)

    def listen(self, desk: httpx.Client) -> None:
        """As a browser does: where the stream ends it comes again."""
        stack, heard = self.trial.stack, time.monotonic()
        with closing(desk):
            while not self.over.wait(LOOKS_EVERY):
                with (
                    suppress(httpx.HTTPError),
                    desk.stream("GET", f"{stack.live}/live/stream") as it,
                ):
                    for line in it.iter_lines():
                        if line in NEWS:
                            self.note("news", heard)
                            heard = time.monotonic()
                        if self.over.is_set():
                            break
                self.note("news", heard)


def desk_of(trial: Trial) -> httpx.Client:
    """Of an agent who is signed in."""
    agent = Agent(trial.stack, trial.town.agents[0], trial.lines, Load(0, 1), "news")
    agent.sign_in()
    return agent.desk
