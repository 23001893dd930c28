"""Compliance jobs: many posts at once, to learn which of them are gone from X; with the app's
bearer (https://docs.x.com/x-api/compliance/batch-compliance/quickstart)."""

from __future__ import annotations

from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls

JOBS = "/2/compliance/jobs"
FIELDS = ["id", "status", "upload_url", "download_url"]


class ComplianceCalls(Calls):
    def create_compliance_job(self) -> Answer:
        """A job for posts. The ids go to its `upload_url`, a line each, within a quarter of an
        hour; `safe_fetch.safe_put` hands them in."""
        return self.request("POST", JOBS, params=_asked(), json={"type": "tweets"})

    def compliance_job(self, job_id: str) -> Answer:
        """`status` is created, in_progress, complete, failed or expired. What is complete lies at
        its `download_url`, a line of JSON for each post that must go."""
        return self.request("GET", f"{JOBS}/{job_id}", params=_asked())


def _asked() -> dict[str, str]:
    return {"compliance_job.fields": ",".join(FIELDS)}
