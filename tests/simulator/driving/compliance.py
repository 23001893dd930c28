"""Cases of jobs that tell what must be deleted."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, Stage
from tests.simulator.program import Json


@drives("POST /2/compliance/jobs", "GET /2/compliance/jobs", "GET /2/compliance/jobs/{id}")
def compliance(stage: Stage) -> None:
    path = "/2/compliance/jobs"
    wrong: tuple[Json, ...] = (
        {},
        {"type": "dms"},
        {"type": "tweets", "name": "x" * 65},
        {"type": "tweets", "resumable": "yes"},
        {"type": "tweets", "until": 1},
    )
    for body in wrong:
        stage.refused(400, "POST", path, token=stage.bearer, json=body)
    stage.refused(403, "POST", path, json={"type": "tweets"})
    made = stage.call("POST", path, stage.bearer, json={"type": "tweets", "name": "daily"})
    job = made.json()["data"]
    for query in ("type=tweets", "type=tweets&status=created", "type=users"):
        assert stage.call("GET", f"{path}?{query}", stage.bearer).status_code == 200
    for query in ("", "?type=dms", "?type=tweets&status=late"):
        stage.refused(400, "GET", f"{path}{query}", token=stage.bearer)
    fields = "compliance_job.fields=status,download_url"
    assert stage.call("GET", f"{path}/{job['id']}?{fields}", stage.bearer).status_code == 200
    stage.refused(400, "GET", f"{path}/{job['id']}?compliance_job.fields=x", token=stage.bearer)
    stage.refused(404, "GET", f"{path}/{NOBODY}", token=stage.bearer)
