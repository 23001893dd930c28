"""What can be broken in a running stack, and when it is well again.

Processes are ended by their ids, as `./run` tells them; it starts them again. What is random comes
from the seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg2
import redis
from celery import Celery

from config import env
from config.embedded.child import die_with
from config.embedded.data_dir import ROOT
from config.embedded.parts import CELERY, celery
from tests.faults.database import ask
from tests.faults.lines import How, Lines
from tests.faults.ways import Ways
from tests.stack import Stack, until

BACK_WITHIN = 120.0
WAYS = ("database", "queue")
OFF = ("-1h", "+1h", "+1d")
IN_A_TRANSACTION = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
"""


def faketimes() -> list[Path]:
    """Where Debian's package puts what makes a program's clock be off."""
    return list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def faketime(by: str) -> dict[str, str]:
    """The clock that nobody sets goes on."""
    [library] = faketimes()
    return {"LD_PRELOAD": str(library), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Breaker:
    def __init__(self, stack: Stack, lines: Lines, seed: str) -> None:
        self.stack, self.lines = stack, lines
        self.rng = random.Random(f"{seed} faults")
        self.count = 0

    def facts(self) -> dict[str, Any]:
        return dict(json.loads((self.stack.data_dir / "run.json").read_text()))

    def pid(self, part: str) -> int:
        return int(self.facts()["pids"][part])

    def say(self, deed: str, **facts: Any) -> None:
        self.count += 1
        self.lines.say("fault", How.INFO, deed, **facts)

    def pause(self) -> None:
        """Between two faults: whoever was hit begins to work again."""
        time.sleep(self.rng.uniform(2, 3))

    # Processes

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """Ends a part; `./run` starts it again. Returns once another process is there."""
        pid = self.pid(part)
        self.say("kill", part=part, signal=signal.Signals(number).name)
        os.kill(pid, number)
        until(lambda: self.pid(part) != pid, within=BACK_WITHIN)

    def restart(self, part: str, number: int = signal.SIGTERM) -> None:
        """Likewise, and returns once the new one says that it is ready."""
        before = self.times_back(part)
        self.kill(part, number)
        until(lambda: self.times_back(part) > before, within=BACK_WITHIN)

    def restart_all(self, *parts: str) -> None:
        """Asks all of them to end at once, as an upgrade does."""
        before = {part: self.times_back(part) for part in parts}
        for part in parts:
            self.say("restart", part=part)
            os.kill(self.pid(part), signal.SIGTERM)
        until(
            lambda: all(self.times_back(part) > count for part, count in before.items()),
            within=BACK_WITHIN,
        )

    def times_back(self, part: str) -> int:
        """How often `./run` has said that a part is well again."""
        return self.stack.log.read_text(errors="replace").count(f"{part} is back")

    def kill_web_worker(self) -> None:
        """One of the processes that answer requests; granian starts another, or gives up and is
        started anew when that happens twice within seconds."""
        before = until(self.web_workers, within=BACK_WITHIN)
        self.say("kill", part="a worker of web")
        os.kill(self.rng.choice(before), signal.SIGKILL)
        until(lambda: set(self.web_workers()) - set(before), within=BACK_WITHIN)

    def reload_web(self) -> None:
        """A rolling restart of the pages: a new process, then an old one ends, and so on."""
        before = until(self.web_workers, within=BACK_WITHIN)
        self.say("reload", part="web")
        os.kill(self.pid("web"), signal.SIGHUP)
        until(
            lambda: set(self.web_workers()) and not set(self.web_workers()) & set(before),
            within=BACK_WITHIN,
        )

    def web_workers(self) -> list[int]:
        """None while the pages are being started."""
        pid = self.pid("web")
        with suppress(FileNotFoundError, ProcessLookupError):
            told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            return [int(child) for child in told.split()]
        return []

    def kill_somebody(self) -> None:
        """A worker of ours, chosen at random."""
        part = self.rng.choice([*self.workers(), "web"])
        if part == "web":
            self.kill_web_worker()
        else:
            self.restart(part, signal.SIGKILL)

    def workers(self) -> list[str]:
        """The parts that take tasks from the queue."""
        return sorted(part for part in self.facts()["pids"] if part.startswith("worker-"))

    @contextmanager
    def stopped(self, pid: int, name: str) -> Iterator[None]:
        """It neither works nor ends, as a process of a machine that swaps, or sleeps."""
        self.say("stop", part=name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            self.say("continue", part=name)

    @contextmanager
    def more_beats(self, count: int, folder: Path) -> Iterator[None]:
        """So many clocks beside the one of `./run`."""
        told = os.environ | self.facts()["environment"] | CELERY
        beats = [
            subprocess.Popen(
                celery("beat", f"--schedule={folder / str(number)}", "--pidfile="),
                cwd=ROOT,
                env=told,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=die_with(os.getpid(), signal.SIGKILL),
            )
            for number in range(count)
        ]
        self.say("more beats", count=count)
        try:
            yield
        finally:
            for beat in beats:
                beat.kill()
                beat.wait()

    @contextmanager
    def clock_off(self, by: str, folder: Path) -> Iterator[None]:
        """One worker does all that is received and sent, and its clock is off: "-1h", "+1d"."""
        queues = {"ingest": ("ingest", "default"), "send": ("send",)}
        log = folder / "worker.log"
        with self.resting(queues), log.open("wb") as said:
            self.say("clock off", by=by)
            worker = subprocess.Popen(
                celery(
                    "worker",
                    f"--queues={','.join(chain(*queues.values()))}",
                    *("--hostname=off@%h", "--pool=threads", "--concurrency=4"),
                    *("--without-mingle", "--without-gossip"),
                ),
                cwd=ROOT,
                env=os.environ | self.facts()["environment"] | CELERY | faketime(by),
                stdout=said,
                stderr=said,
                preexec_fn=die_with(os.getpid(), signal.SIGKILL),
            )
            try:
                until(
                    lambda: b" ready." in log.read_bytes(),
                    within=BACK_WITHIN,
                    unless=lambda: "" if worker.poll() is None else log.read_text(),
                )
                yield
            finally:
                worker.terminate()
                worker.wait()

    @contextmanager
    def resting(self, queues: dict[str, tuple[str, ...]]) -> Iterator[None]:
        """Workers of `./run`, by name, take nothing from these queues."""
        control = Celery(broker=env.celery_broker(self.facts()["redis_url"])).control

        def is_heard(deed: Callable[..., Any], queue: str, worker: str) -> bool:
            """Not over a connection that an earlier death of the queue has cut."""
            told = [f"{worker}@{socket.gethostname()}"]
            with suppress(redis.ConnectionError):
                return bool(deed(queue, destination=told, reply=True))
            return False

        def tell(deed: Callable[..., Any]) -> None:
            for worker, names in queues.items():
                for name in names:
                    until(partial(is_heard, deed, name, worker), within=BACK_WITHIN)

        tell(control.cancel_consumer)
        try:
            yield
        finally:
            tell(control.add_consumer)

    # The ways to the database and to the queue

    @contextmanager
    def bad_weather(self, way: str, weather: str) -> Iterator[None]:
        """All that goes by a way is slow, silent or cut off, so long as it lasts."""
        self.say(weather, way=way)
        with self.ways.bad(way, weather):
            yield
        self.say("fair", way=way)

    @property
    def ways(self) -> Ways:
        return Ways(**json.loads((self.stack.data_dir / "ways.json").read_text()))

    # The queue

    def flush_queue(self) -> None:
        self.say("flushall")
        with suppress(redis.ConnectionError):
            self.queue().flushall()

    def queue(self) -> redis.Redis:
        return redis.Redis.from_url(self.facts()["redis_url"])

    # The database

    def crash_database(self) -> None:
        """What `pg_ctl stop -m immediate` sends: nothing is written down first."""
        pid = self.pid("postgres")
        self.say("crash", part="postgres")
        os.kill(pid, signal.SIGQUIT)
        until(lambda: self.pid("postgres") != pid, within=BACK_WITHIN)
        until(self.database_answers, within=BACK_WITHIN)

    def kill_backend(self) -> None:
        """One session of the database, in the middle of a transaction that has written."""
        pid = until(self.writing_backend, within=BACK_WITHIN)
        self.say("kill backend")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        until(self.database_answers, within=BACK_WITHIN)

    def writing_backend(self) -> int:
        with suppress(psycopg2.OperationalError):
            found = ask(self.facts()["database_url"], IN_A_TRANSACTION)
            return int(self.rng.choice(found)["pid"]) if found else 0
        return 0

    def database_answers(self) -> bool:
        with suppress(psycopg2.OperationalError):
            return bool(ask(self.facts()["database_url"], "SELECT 1 AS one"))
        return False
