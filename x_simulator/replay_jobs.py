"""Replay jobs: what was announced to a webhook in a span of the past day comes again, delivered or
not, marked as a replay; then a word that the job is done."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from x_simulator import clock, envelopes
from x_simulator.delivery import Delivery
from x_simulator.store import Row
from x_simulator.webhooks import Webhook, WebhookRefused

if TYPE_CHECKING:
    from x_simulator.world import World

REACH_MS = clock.DAY_MS
SAYS = {
    "complete": "Job completed successfully",
    "incomplete": "Job failed to deliver all events, please retry your replay job",
}


@dataclass(frozen=True, slots=True)
class Job:
    """From the first to the last millisecond, both included."""

    id: int
    webhook_id: int
    from_ms: int
    to_ms: int
    created_ms: int


def _job(row: Row) -> Job:
    names = ("id", "webhook_id", "from_ms", "to_ms", "created_ms")
    return Job(*(row[name] for name in names))


class ReplayJobs:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Those that were under way when the program last ended begin anew."""
        for row in self._world.store.rows("SELECT * FROM replay_jobs WHERE state = 'running'"):
            self._run(_job(row))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def begin(self, webhook: Webhook, from_ms: int, to_ms: int) -> Job:
        """The address is challenged first. Raises WebhookRefused."""
        await self._world.webhooks.recheck(webhook)
        busy = "SELECT 1 FROM replay_jobs WHERE state = 'running' AND webhook_id = ?"
        if self._world.store.row(busy, (webhook.id,)) is not None:
            sentence = "A replay job is already in progress for the specified webhook."
            raise WebhookRefused("ReplayConflictError", sentence)
        job = Job(self._world.minter.mint(), webhook.id, from_ms, to_ms, clock.now_ms())
        self._world.store.write(
            "INSERT INTO replay_jobs (id, webhook_id, from_ms, to_ms, created_ms, state)"
            " VALUES (?, ?, ?, ?, ?, 'running')",
            (job.id, job.webhook_id, job.from_ms, job.to_ms, job.created_ms),
        )
        self._run(job)
        return job

    def _run(self, job: Job) -> None:
        task = asyncio.create_task(self._carry(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, job: Job) -> None:
        delivered = failed = 0
        for delivery, body in self._told(job):
            reason = await self._post(job, {**body, "meta": {"replay": True}})
            self._world.courier.record_again(delivery, job.id, reason)
            failed += bool(reason)
            delivered += not reason
        state = "incomplete" if failed else "complete"
        self._world.store.write(
            "UPDATE replay_jobs SET state = ?, delivered = ?, failed = ?, done_ms = ? WHERE id = ?",
            (state, delivered, failed, clock.now_ms(), job.id),
        )
        await self._post(job, self._status(job, state))

    def _told(self, job: Job) -> Iterator[tuple[Delivery, dict[str, Any]]]:
        """In the order in which they were announced, the same event once."""
        told = set()
        for delivery in self._world.courier.announced(job.webhook_id, job.from_ms, job.to_ms):
            body = self._body(delivery)
            which = body and (body["data"]["event_uuid"], delivery.tag, delivery.direction)
            if body and which not in told:
                told.add(which)
                yield delivery, body

    def _body(self, delivery: Delivery) -> Any:
        return envelopes.envelope(
            self._world,
            delivery.event,
            tag=delivery.tag,
            direction=delivery.direction,
            at_ms=delivery.queued_ms,
        )

    async def _post(self, job: Job, body: dict[str, Any]) -> str:
        webhook = self._world.webhooks.get(job.webhook_id)
        if webhook is None or not webhook.valid:
            return "the webhook is not valid"
        return await self._world.webhooks.post(webhook, body)

    def _status(self, job: Job, state: str) -> dict[str, Any]:
        status = {
            "webhook_id": str(job.webhook_id),
            "job_state": state.title(),
            "job_state_description": SAYS[state],
            "job_id": str(job.id),
        }
        return {"replay_job_status": status}

    def all(self) -> list[dict[str, Any]]:
        """For the ledger, oldest first."""
        return [
            {
                "id": str(row["id"]),
                "webhook_id": str(row["webhook_id"]),
                "from": clock.iso(row["from_ms"]),
                "to": clock.iso(row["to_ms"]),
                "state": row["state"],
                "delivered": row["delivered"],
                "failed": row["failed"],
            }
            for row in self._world.store.rows("SELECT * FROM replay_jobs ORDER BY id")
        ]
