"""Compliance jobs: the app hands in ids, a line each, and reads which of them it must delete.

Both files lie in a store of their own, at addresses that are secrets and need no other key.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from x_simulator import clock, ids
from x_simulator.store import Row

if TYPE_CHECKING:
    from x_simulator.world import World

Type = Literal["tweets", "users"]
Status = Literal["created", "in_progress", "failed", "complete"]
TYPES: tuple[Type, ...] = get_args(Type)
STATUSES: tuple[Status, ...] = get_args(Status)
PLACE = "/storage/compliance"
TO_UPLOAD_MS = 15 * clock.MINUTE_MS
TO_DOWNLOAD_MS = 7 * clock.DAY_MS
WORK_MS = 500


@dataclass(frozen=True, slots=True)
class Job:
    """`asked` are the ids that were handed in, None before that."""

    id: int
    type: str
    name: str
    created_ms: int
    secret: str
    asked: tuple[int, ...] | None = None
    uploaded_ms: int | None = None

    def status_at(self, now_ms: int) -> str:
        if self.uploaded_ms is None:
            return "created" if self.may_be_uploaded_at(now_ms) else "expired"
        return "complete" if now_ms >= self.uploaded_ms + WORK_MS else "in_progress"

    def may_be_uploaded_at(self, now_ms: int) -> bool:
        return self.uploaded_ms is None and now_ms < self.created_ms + TO_UPLOAD_MS

    def may_be_downloaded_at(self, now_ms: int) -> bool:
        is_kept = now_ms < self.created_ms + TO_DOWNLOAD_MS
        return is_kept and self.status_at(now_ms) == "complete"

    def body(self, origin: str) -> dict[str, Any]:
        told = {
            "id": str(self.id),
            "type": self.type,
            "created_at": clock.iso_second(self.created_ms),
            "upload_url": f"{origin}{PLACE}/{self.secret}/upload",
            "upload_expires_at": clock.iso_second(self.created_ms + TO_UPLOAD_MS),
            "download_url": f"{origin}{PLACE}/{self.secret}/download",
            "download_expires_at": clock.iso_second(self.created_ms + TO_DOWNLOAD_MS),
            "status": self.status_at(clock.now_ms()),
            "resumable": False,
        }
        return {**told, "name": self.name} if self.name else told


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        type=row["type"],
        name=row["name"],
        created_ms=row["created_ms"],
        secret=row["secret"],
        asked=None if row["asked"] is None else tuple(json.loads(row["asked"])),
        uploaded_ms=row["uploaded_ms"],
    )


class ComplianceJobs:
    def __init__(self, world: "World") -> None:
        self._world = world

    def create(self, kind: str, name: str) -> Job:
        job_id, secret = self._world.minter.mint(), secrets.token_urlsafe(24)
        job = Job(job_id, kind, name, clock.now_ms(), secret)
        self._world.store.write(
            "INSERT INTO compliance_jobs (id, type, name, created_ms, secret)"
            " VALUES (?, ?, ?, ?, ?)",
            (job.id, job.type, job.name, job.created_ms, job.secret),
        )
        return job

    def get(self, job_id: int) -> Job | None:
        return self._one("id", job_id)

    def of_secret(self, secret: str) -> Job | None:
        return self._one("secret", secret)

    def all(self, kind: str) -> list[Job]:
        """Newest first."""
        rows = self._world.store.rows(
            "SELECT * FROM compliance_jobs WHERE type = ? ORDER BY id DESC", (kind,)
        )
        return [_job(row) for row in rows]

    def hand_in(self, job: Job, lines: Sequence[str]) -> None:
        """Lines that hold no id are passed over."""
        asked = [number for line in lines if (number := ids.parse(line.strip())) is not None]
        self._world.store.write(
            "UPDATE compliance_jobs SET asked = ?, uploaded_ms = ? WHERE id = ?",
            (json.dumps(asked), clock.now_ms(), job.id),
        )

    def results(self, job: Job) -> Iterator[dict[str, str]]:
        """What must be done about those that are not as they were; the others are left out."""
        reasons = self._of_posts(job) if job.type == "tweets" else self._of_people(job)
        for asked_id, reason, at_ms in reasons:
            yield {
                "id": str(asked_id),
                "action": "delete",
                "created_at": clock.iso_second(ids.time_of(asked_id)),
                "redacted_at": clock.iso_second(at_ms),
                "reason": reason,
            }

    def _of_posts(self, job: Job) -> Iterator[tuple[int, str, int]]:
        now_ms = clock.now_ms()
        for post_id in job.asked or ():
            post = self._world.posts.get(post_id)
            if post is None or post.deleted_ms is not None:
                yield post_id, "deleted", (post and post.deleted_ms) or now_ms
            elif self._world.posts.protected_from(None, [post]):
                yield post_id, "protected", now_ms

    def _of_people(self, job: Job) -> Iterator[tuple[int, str, int]]:
        for user_id in job.asked or ():
            person = self._world.people.get(user_id)
            if person is None or person.protected:
                yield user_id, "protected" if person else "deactivated", clock.now_ms()

    def _one(self, column: str, value: str | int) -> Job | None:
        row = self._world.store.row(
            f"SELECT * FROM compliance_jobs WHERE {column} = ?",  # noqa: S608 (fixed names)
            (value,),
        )
        return None if row is None else _job(row)
