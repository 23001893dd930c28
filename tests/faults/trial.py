"""One trial: people act, something breaks, it becomes quiet, and the histories are compared."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from celery import Celery

from config import env
from tests.faults import database
from tests.faults.actors import Agent, Customers, Everybody, Load, Pusher
from tests.faults.breaking import Breaker
from tests.faults.history import History, judge
from tests.faults.insider import Insider
from tests.faults.lines import How, Lines
from tests.faults.town import Town
from tests.stack import Stack, until

# Then nobody waits any longer.
QUIET_WITHIN = 600.0
NOTICED_WITHIN = 90.0
MOST_LISTED = 20_000


@dataclass
class Figures:
    """What a trial measured, in the order in which it is printed."""

    seen: dict[str, str] = field(default_factory=dict)

    def note(self, **figures: object) -> None:
        self.seen |= {name.replace("_", " "): str(figure) for name, figure in figures.items()}

    def __str__(self) -> str:
        return ", ".join(f"{name} {figure}" for name, figure in self.seen.items())


class Trial:
    """`under_way(load)` runs people; what stands inside it breaks things. `must_hold()` waits until
    it is quiet and fails with what was lost, doubled or out of order."""

    def __init__(
        self,
        check: str,
        stack: Stack,
        insider: Insider,
        town: Town,
        people: list[str],
        folder: Path,
        seed: int,
        clears_within: float,
    ) -> None:
        self.check, self.stack, self.town, self.people = check, stack, town, people
        self.insider, self.clears_within = insider, clears_within
        self.seed = f"{check} {seed}"
        self.lines = Lines(folder / f"{check}.jsonl")
        self.breaks = Breaker(stack, self.lines, self.seed)
        self.figures = Figures()
        # Seconds until the webhook answered, and how many pushes it may have kept.
        self.acknowledged_p99, self.most, self.pushes = 0.0, 0.0, 0
        self.begun_at = str(stack.ask_x("health")["now"])
        print(f"\n{check}: seed {seed}, lines in {self.lines.path}", flush=True)

    @contextmanager
    def under_way(self, load: Load) -> Iterator[None]:
        customers = Customers(self.stack, self.town, self.people, self.lines, load, self.seed)
        agents = [
            Agent(self.stack, email, self.lines, load, self.seed)
            for email in self.town.agents[: load.agents]
        ]
        secret = self.breaks.facts()["environment"]["X_CONSUMER_SECRET"]
        pusher = Pusher(self.stack, self.lines, load, secret)
        with Everybody(customers, agents, pusher):
            yield

    def must_hold(self) -> None:
        cleared = self.until_quiet()
        self.figures.note(clear_after_seconds=f"{cleared:.0f}")
        history = self.history()
        self.measure(history)
        verdict = judge(history)
        print(f"{self.check}: {self.figures}\n{self.check}: {verdict}", flush=True)
        assert verdict.holds, f"{self.check} broke the promise, seed {self.seed}: {verdict}"
        self.audit()
        assert cleared <= self.clears_within, f"{self.check}, seed {self.seed}: {cleared:.0f} s"

    # Quiet

    def until_quiet(self) -> float:
        """Seconds until nothing is left to do. What waits for X's quotas alone is due at once: the
        quarters of an hour pass as they are needed."""
        began = time.monotonic()
        since = self.pass_quarter_of_an_hour()
        left: dict[str, int] | None = None
        while left != {}:
            if time.monotonic() - began > QUIET_WITHIN:
                raise AssertionError(f"{self.check} isn't quiet, seed {self.seed}: {left}")
            time.sleep(0.2)
            with suppress(psycopg2.OperationalError):
                self.renew_quotas()
                left = database.left(self.url, since)
        return time.monotonic() - began

    def renew_quotas(self) -> None:
        """Where replies wait for nothing else, the quarter of an hour passes."""
        if self.rows(database.WAITS_FOR_QUOTA):
            self.rows(database.QUARTER_OF_AN_HOUR)

    def pass_quarter_of_an_hour(self) -> Any:
        """The moment from which on every feed must have been read once more."""
        since = self.rows("SELECT statement_timestamp() AS now")[0]["now"]
        self.rows(database.QUARTER_OF_AN_HOUR)
        broker = env.celery_broker(self.breaks.facts()["redis_url"])
        Celery(broker=broker).send_task("twitter_sync.poll_due", queue="default")
        return since

    # Tokens

    def take_back(self, handle: str) -> None:
        """X takes a handle's access back; an admin connects it again once we have noticed."""
        self.breaks.say("revoke", handle=handle)
        self.stack.tell_x("revoke", user_id=self.town.brands[handle])
        until(lambda: self.needs_reconnect(handle), within=NOTICED_WITHIN)
        self.insider.ask("connect", handle=handle)

    def die_with_a_new_token(self, handle: str) -> float:
        """Likewise when one of us dies before it has kept the pair that X gave it. Seconds until
        the handle's admins were told."""
        before = self.letters(handle)
        self.breaks.say("die with a new token", handle=handle)
        until(lambda: self.has_died(handle), within=NOTICED_WITHIN)
        began = time.monotonic()
        self.pass_quarter_of_an_hour()
        until(lambda: self.needs_reconnect(handle), within=NOTICED_WITHIN)
        until(lambda: self.letters(handle) > before, within=NOTICED_WITHIN)
        took = time.monotonic() - began
        self.insider.ask("connect", handle=handle)
        return took

    def has_died(self, handle: str) -> bool:
        """False where a worker of the stack had renewed the token first: nobody was to die."""
        ended = self.insider.ask("die", handle=handle)
        assert ended in (0, -signal.SIGKILL), self.insider.log.read_text()[-4000:]
        return bool(ended)

    def needs_reconnect(self, handle: str) -> bool:
        asked = f"SELECT status FROM accounts_brandaccount WHERE handle = '{handle}'"  # noqa: S608
        return str(self.rows(asked)[0]["status"]) == "needs_reconnect"

    def letters(self, handle: str) -> int:
        """To those who run the handle, that it must be reconnected."""
        asked = f"""
            SELECT count(*) FROM accounts_letter letter
            JOIN accounts_brandaccount brand ON brand.id = letter.brand_id
            WHERE letter.kind = 'reconnect' AND brand.handle = '{handle}'
        """  # noqa: S608
        return int(self.rows(asked)[0]["count"])

    def rows(self, statement: str, **asked: Any) -> list[dict[str, Any]]:
        return database.ask(self.url, statement, **asked)

    @property
    def url(self) -> str:
        return str(self.breaks.facts()["database_url"])

    # What is compared

    def history(self) -> History:
        """Rows and ledger are of one moment: a reply may go out that waited behind a doubtful one,
        though nobody acts any more."""
        ledger, rows = until(self.at_one_moment, within=QUIET_WITHIN)
        return History(
            ledger=ledger,
            deliveries=self.stack.ask_x(f"deliveries?limit={MOST_LISTED}")["deliveries"],
            rows=rows,
            kept={row["id"] for row in self.rows(database.PUSHES) if row["id"]},
            lines=self.lines.said,
            brands=self.town.brands,
        )

    def at_one_moment(self) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        before, rows = self.stack.ask_x("ledger"), self.rows(database.MESSAGES)
        is_moving = any(row["state"] == "sending" for row in rows)
        return None if is_moving or before != self.stack.ask_x("ledger") else (before, rows)

    def measure(self, history: History) -> None:
        """Of this trial alone: the stack has others behind it."""
        pushes = [one for one in history.deliveries if one["queued_at"] >= self.begun_at]
        written = {line["id"] for line in self.lines.said if "id" in line}
        keys = {line["key"] for line in self.lines.of("reply", How.INVOKE)}
        ours = [row for row in history.rows if row["client_key"] in keys]
        theirs = [row for row in history.rows if row["external_id"] in written]
        reached = [float(row["seconds_to_us"]) for row in theirs]
        took = [line["seconds"] for line in self.lines.of("push", How.OK)]
        self.acknowledged_p99, self.most = share(took, 0.99), max(took, default=0.0)
        self.pushes = len(pushes) + len(self.lines.of("push", How.INVOKE))
        self.figures.note(
            events=len(written),
            at=f"{self.rate():.0f}/s",
            replies=len(ours),
            sent=sum(row["state"] == "sent" for row in ours),
            faults=self.breaks.count,
            visible_p95=f"{share(reached, 0.95):.1f} s",
            pushes_failed=sum(one["state"] == "failed" for one in pushes)
            + len(self.lines.of("push", How.FAIL, How.INFO)),
            acknowledged_p99=f"{1000 * self.acknowledged_p99:.0f} ms",
            most=f"{1000 * self.most:.0f} ms",
        )

    def rate(self) -> float:
        """Events a second, as the machine let us write them."""
        at = [line["at"] for line in self.lines.of("write", How.INVOKE)]
        return len(at) / (at[-1] - at[0]) if len(at) > 1 else 0.0

    def audit(self) -> None:
        """Every invariant of the audit holds as well, of every row."""
        told = until(lambda: self.insider.ask("audit"), within=QUIET_WITHIN)
        assert told["is_clean"], f"{self.check}, seed {self.seed}: {told['broken']}"


def share(numbers: list[float], part: float) -> float:
    """The number that this part of them doesn't exceed; 0 where there are none."""
    ordered = sorted(numbers)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0
