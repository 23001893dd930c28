"""Works inside a running stack, so that Django is loaded once for all that a run asks of it.

`Insider(stack)` is asked from outside; `HANDLED_DATA_DIR=… python -m tests.faults.insider` reads
one deed a line, as JSON, and answers each with a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.inside import enter
from tests.stack import ROOT, Stack, environment

ANSWER = "answer: "


class Insider:
    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log = process, log

    def ask(self, deed: str, **about: str) -> Any:
        """What the deed returned."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"deed": deed, **about}), file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith(ANSWER):
                return json.loads(line.removeprefix(ANSWER))
        raise AssertionError(f"{deed} did not end well:\n{self.log.read_text()[-4000:]}")


@contextmanager
def inside(stack: Stack, folder: Path) -> Iterator[Insider]:
    log = folder / "insider.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.insider"],
            cwd=ROOT,
            env=environment() | {"HANDLED_DATA_DIR": str(stack.data_dir)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        yield Insider(process, log)


# Inside


def audit() -> dict[str, Any] | None:
    """Of every row. None while the one of the clock is under way."""
    from twitter_sync.actions import auditing
    from twitter_sync.management.commands.audit import as_json

    found = auditing.audit(whole=True)
    return None if found is None else as_json(found)


def connect(handle: str) -> None:
    from twitter_sync.actions.connecting_simulated import connect_simulated

    connect_simulated([{"username": handle}])


def die(handle: str) -> int:
    """Renews the token of a handle in a process that is killed with X's answer in hand. Returns how
    it ended: 0 where a worker had renewed it first."""
    child = os.fork()
    if not child:
        renew_and_die(handle)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def renew_and_die(handle: str) -> None:
    from django.utils import timezone

    from twitter_sync import tokens
    from twitter_sync.models import Connection

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    ended = 1
    try:
        held = Connection.objects.get(brand__handle=handle)
        tokens._replaced = die  # type: ignore[assignment]
        Connection.objects.filter(pk=held.pk).update(expires_at=timezone.now())
        held.refresh_from_db()
        tokens.refresh(held)
        ended = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(ended)


DEEDS = {"audit": audit, "connect": connect, "die": die}


def main() -> None:
    from django.db import connection

    for line in sys.stdin:
        asked = json.loads(line)
        answer = DEEDS[asked.pop("deed")](**asked)
        # The next one finds a database that was ended meanwhile, or is forked.
        connection.close()
        print(ANSWER + json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    enter()
    main()
