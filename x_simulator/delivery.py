"""Carries happenings to webhooks: after the caller has its answer, in order, each once.

Every delivery is a row before it is tried, so that one that was waiting when the program died goes
out after the restart. A delivery that fails is written down and not tried again: X documents no
retries.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from x_simulator import clock, envelopes
from x_simulator.faults.fates import Fate, Held
from x_simulator.happenings import ON_REVOKE, Happening
from x_simulator.outbound import WebhookDead
from x_simulator.store import Row

if TYPE_CHECKING:
    from x_simulator.world import World

log = logging.getLogger("x_simulator")


@dataclass(frozen=True, slots=True)
class Delivery:
    webhook_id: int
    event: Happening
    tag: str
    direction: str
    queued_ms: int
    id: int = 0
    due_ms: int = 0  # not before this
    fault: str = ""
    replay_job_id: int = 0


@dataclass(slots=True)
class Tally:
    delivered: int = 0
    dropped: int = 0
    failed: int = 0
    unsubscribed: int = 0  # happenings that nobody asked to hear of


def _delivery(row: Row) -> Delivery:
    event = Happening(row["event_type"], row["user_id"], row["subject_id"])
    return Delivery(
        row["webhook_id"],
        event,
        row["tag"],
        row["direction"],
        row["queued_ms"],
        row["id"],
        row["due_ms"],
        row["fault"],
    )


def _with_reason(fault: str, reason: str) -> str:
    """A dead webhook is known by its failure alone."""
    dead = "webhook_dead" if reason == WebhookDead.__name__ else ""
    return ",".join(filter(None, (fault, dead)))


class Courier:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._queues: dict[int, asyncio.Queue[Delivery]] = {}
        self._carriers: set[asyncio.Task[None]] = set()
        self._held = Held(self._queue)

    async def start(self) -> None:
        """Takes up what was waiting when the program last ended."""
        pending = "SELECT * FROM deliveries WHERE state = 'pending' ORDER BY id"
        for row in self._world.store.rows(pending):
            self._send_off(_delivery(row))

    async def stop(self) -> None:
        """What is announced while the carriers come to their end goes nowhere either: it waits in
        the store, which may be another by then."""
        carriers = self._call_back()
        await asyncio.gather(*carriers, return_exceptions=True)
        self._call_back()

    def _call_back(self) -> set[asyncio.Task[None]]:
        self._held.stop()
        carriers, self._carriers, self._queues = self._carriers, set(), {}
        for carrier in carriers:
            carrier.cancel()
        return carriers

    def announce(self, happenings: Sequence[Happening], at_ms: int) -> None:
        """Queues a delivery for everyone who subscribed to one of these."""
        for event in happenings:
            for delivery in self._addressed(event, at_ms):
                self._dispatch(delivery)

    def _dispatch(self, delivery: Delivery) -> None:
        """Each on its way, or on whatever way a fault has for it."""
        event, faults = delivery.event, self._world.faults
        fate = Fate.of_delivery(faults, event.event_type, event.user_id, over="webhook")
        delivery = replace(delivery, fault=fate.names)
        if fate.is_lost:
            self._record(delivery, "dropped")
            return
        for wait_s in fate.waits_s:
            due = replace(delivery, due_ms=delivery.queued_ms + round(wait_s * clock.SECOND_MS))
            self._send_off(replace(due, id=self._record(due, "pending")), fate.behind)

    def _send_off(self, delivery: Delivery, behind: int = 0) -> None:
        wait_ms = delivery.due_ms - clock.now_ms()
        if wait_ms > 0:
            self._held.hold(delivery, wait_ms / clock.SECOND_MS, behind)
        else:
            self._queue(delivery)
            self._held.passed()

    async def push(
        self,
        happenings: Sequence[Sequence[Happening]],
        *,
        drop: float = 0,
        concurrency: int = 1,
        per_second: float = 0,
        rng: random.Random | None = None,
    ) -> Tally:
        """Delivers now and waits for the end: each group is what came of one thing. Starts them in
        the given order, with at most `concurrency` on their way and `per_second` begun a second."""
        tally, lot = Tally(), rng or random.Random()  # noqa: S311 (which deliveries get lost)
        room = asyncio.Semaphore(concurrency)
        begun = asyncio.get_running_loop().time()

        async def carry(delivery: Delivery) -> None:
            try:
                reason = await self._send(delivery)
            finally:
                room.release()
            delivery = replace(delivery, fault=_with_reason(delivery.fault, reason))
            self._record(delivery, "failed" if reason else "delivered", reason)
            tally.failed += bool(reason)
            tally.delivered += not reason

        async with asyncio.TaskGroup() as carriers:
            for number, group in enumerate(happenings):
                if per_second:
                    due = begun + number / per_second
                    await asyncio.sleep(due - asyncio.get_running_loop().time())
                now = clock.now_ms()
                self._world.streams.announce(group, now)
                await asyncio.sleep(0)  # their readers have their turn
                addressed = [one for event in group for one in self._addressed(event, now)]
                tally.unsubscribed += not addressed
                for delivery in addressed:
                    if lot.random() < drop:
                        self._record(delivery, "dropped")
                        tally.dropped += 1
                        continue
                    await room.acquire()
                    carriers.create_task(carry(delivery))
        return tally

    def _addressed(self, event: Happening, at_ms: int) -> list[Delivery]:
        if event.event_type == ON_REVOKE:
            return [Delivery(one.id, event, "", "", at_ms) for one in self._world.webhooks.all()]
        return [
            Delivery(one.webhook_id, event, one.tag, one.direction, at_ms)
            for one in self._world.subscriptions.to(event.event_type, event.user_id)
            if one.webhook_id is not None
        ]

    def announced(self, webhook_id: int, from_ms: int, to_ms: int) -> list[Delivery]:
        """To a webhook within a span, oldest first, whatever came of it; replays are none."""
        rows = self._world.store.rows(
            "SELECT * FROM deliveries WHERE webhook_id = ? AND queued_ms BETWEEN ? AND ?"
            " AND replay_job_id = 0 ORDER BY id",
            (webhook_id, from_ms, to_ms),
        )
        return [_delivery(row) for row in rows]

    def record_again(self, delivery: Delivery, replay_job_id: int, reason: str) -> None:
        again = Delivery(
            delivery.webhook_id,
            delivery.event,
            delivery.tag,
            delivery.direction,
            clock.now_ms(),
            fault=_with_reason("", reason),
            replay_job_id=replay_job_id,
        )
        self._record(again, "failed" if reason else "delivered", reason)

    def _record(self, delivery: Delivery, state: str, reason: str = "") -> int:
        done = None if state == "pending" else clock.now_ms()
        return self._world.store.insert(
            "INSERT INTO deliveries (webhook_id, event_type, user_id, subject_id, direction, tag,"
            " state, reason, queued_ms, done_ms, fault, due_ms, replay_job_id, attempt)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                delivery.webhook_id,
                delivery.event.event_type,
                delivery.event.user_id,
                delivery.event.subject_id,
                delivery.direction,
                delivery.tag,
                state,
                reason,
                delivery.queued_ms,
                done,
                delivery.fault,
                delivery.due_ms,
                delivery.replay_job_id,
                self._attempts(delivery) + 1,
            ),
        )

    def _attempts(self, delivery: Delivery) -> int:
        """How often this very event was sent there before. Each revocation is one of its own."""
        event = delivery.event
        if event.event_type == ON_REVOKE:
            return 0
        count: int = self._world.store.value(
            "SELECT count(*) FROM deliveries WHERE subject_id = ? AND event_type = ?"
            " AND user_id = ? AND webhook_id = ?",
            (event.subject_id, event.event_type, event.user_id, delivery.webhook_id),
        )
        return count

    def _queue(self, delivery: Delivery) -> None:
        queue = self._queues.get(delivery.webhook_id)
        if queue is None:
            queue = self._queues[delivery.webhook_id] = asyncio.Queue()
            carrier = asyncio.create_task(self._carry(queue))
            self._carriers.add(carrier)
        queue.put_nowait(delivery)

    async def _carry(self, queue: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await queue.get()
            try:
                reason = await self._send(delivery)
            except Exception as error:  # the next ones must go out all the same
                log.exception("a delivery could not be made")
                reason = type(error).__name__
            self._world.store.write(
                "UPDATE deliveries SET state = ?, reason = ?, done_ms = ?, fault = ? WHERE id = ?",
                (
                    "failed" if reason else "delivered",
                    reason,
                    clock.now_ms(),
                    _with_reason(delivery.fault, reason),
                    delivery.id,
                ),
            )

    async def _send(self, delivery: Delivery) -> str:
        """Why it failed, or ``""``."""
        webhook = self._world.webhooks.get(delivery.webhook_id)
        if webhook is None:
            return "the webhook is gone"
        if not webhook.valid:
            return "the webhook is not valid"
        body = envelopes.envelope(
            self._world,
            delivery.event,
            tag=delivery.tag,
            direction=delivery.direction,
            at_ms=delivery.queued_ms,
        )
        if body is None:
            return "the subject is gone"
        return await self._world.webhooks.post(webhook, body)
