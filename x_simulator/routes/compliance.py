"""Compliance jobs, and the store in which their files lie."""

import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from x_simulator import clock, errors
from x_simulator.api import Answer, Call, Endpoint, checked_body, refusal
from x_simulator.compliance_jobs import PLACE, STATUSES, TYPES, ComplianceJobs, Job
from x_simulator.fields import chosen
from x_simulator.quotas import Limits
from x_simulator.world import World

LONGEST_NAME = 64
FIELDS = "compliance_job.fields"
KNOWN = (
    *("created_at", "download_expires_at", "download_url", "id", "name", "resumable"),
    *("status", "type", "upload_expires_at", "upload_url"),
)


async def create(call: Call) -> Answer:
    allowed = {"type": str, "name": str, "resumable": bool}
    body = checked_body(call, allowed, required=("type",))
    if body["type"] not in TYPES:
        raise errors.invalid(f"$.type: is not one of [{','.join(TYPES)}]")
    if len(body.get("name", "")) > LONGEST_NAME:
        raise errors.invalid(f"$.name: must be at most {LONGEST_NAME} characters long")
    job = call.world.compliance_jobs.create(body["type"], body.get("name", ""))
    return Answer({"data": _told(call, job)})


async def listing(call: Call) -> Answer:
    call.query_list("type", 1)
    kind = call.choice("type", TYPES, "tweets")
    jobs = call.world.compliance_jobs.all(kind)
    if "status" in call.query:
        status = call.choice("status", STATUSES, "created")
        jobs = [job for job in jobs if job.status_at(clock.now_ms()) == status]
    told = [_told(call, job) for job in jobs]
    meta = {"result_count": len(told)}
    return Answer({"data": told, "meta": meta} if told else {"meta": meta})


async def by_id(call: Call) -> Answer:
    job = call.world.compliance_jobs.get(call.path_id("id"))
    if job is None:
        raise errors.not_found()
    return Answer({"data": _told(call, job)})


def _told(call: Call, job: Job) -> dict[str, object]:
    """Everything, unless fields are asked for; the id in any case."""
    wanted = call.query_choices(FIELDS, KNOWN) or frozenset(KNOWN)
    return chosen(job.body(call.world.settings.origin), wanted | {"id"})


async def upload(request: Request) -> Response:
    """Once, and in time."""
    jobs, job = _stored(request)
    if job is None or not job.may_be_uploaded_at(clock.now_ms()):
        return refusal(errors.plain(403))
    jobs.hand_in(job, (await request.body()).decode(errors="replace").splitlines())
    return Response(status_code=200)


async def download(request: Request) -> Response:
    jobs, job = _stored(request)
    if job is None or not job.may_be_downloaded_at(clock.now_ms()):
        return refusal(errors.plain(404))
    lines = [json.dumps(result) for result in jobs.results(job)]
    return PlainTextResponse("".join(f"{line}\n" for line in lines))


def _stored(request: Request) -> tuple[ComplianceJobs, Job | None]:
    world: World = request.app.state.world
    return world.compliance_jobs, world.compliance_jobs.of_secret(request.path_params["secret"])


_LIMITS = Limits(app=150)
_PARAMETERS = frozenset({FIELDS})
ENDPOINTS = (
    Endpoint("POST", "/2/compliance/jobs", create, _LIMITS, app=True, parameters=_PARAMETERS),
    Endpoint(
        "GET",
        "/2/compliance/jobs",
        listing,
        _LIMITS,
        app=True,
        parameters=_PARAMETERS | {"type", "status"},
    ),
    Endpoint("GET", "/2/compliance/jobs/{id}", by_id, _LIMITS, app=True, parameters=_PARAMETERS),
)
ROUTES = (
    Route(f"{PLACE}/{{secret}}/upload", upload, methods=["PUT"]),
    Route(f"{PLACE}/{{secret}}/download", download, methods=["GET"]),
)
