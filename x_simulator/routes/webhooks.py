"""Registering the address that deliveries go to, and having them come again."""

import re
from datetime import UTC, datetime

from x_simulator import clock, errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.quotas import Limits
from x_simulator.replay_jobs import REACH_MS
from x_simulator.webhooks import Webhook, WebhookRefused


async def create(call: Call) -> Answer:
    body = checked_body(call, {"url": str}, required=("url",))
    try:
        webhook = await call.world.webhooks.register(body["url"])
    except WebhookRefused as error:
        raise errors.invalid(str(error)) from error
    return Answer({"data": webhook.body()})


async def listing(call: Call) -> Answer:
    """`data` is there even when it is empty: so X's documents show it."""
    webhooks = [webhook.body() for webhook in call.world.webhooks.all()]
    return Answer({"data": webhooks, "meta": {"result_count": len(webhooks)}})


async def validate(call: Call) -> Answer:
    try:
        await call.world.webhooks.recheck(_known(call))
    except WebhookRefused as error:
        raise errors.invalid(str(error)) from error
    return Answer({"data": {"valid": True}})


async def delete(call: Call) -> Answer:
    call.world.webhooks.remove(_known(call))
    return Answer({"data": {"deleted": True}})


async def replay(call: Call) -> Answer:
    given = ("webhook_id", "from_date", "to_date")
    body = checked_body(call, dict.fromkeys(given, str), given)
    webhook = call.world.webhooks.get(ids.parse(body["webhook_id"]) or 0)
    if webhook is None:
        raise errors.invalid(f"WebhookIdInvalid: no webhook with id [{body['webhook_id']}]")
    span = _span(_minute("from_date", body["from_date"]), _minute("to_date", body["to_date"]))
    try:
        job = await call.world.replay_jobs.begin(webhook, *span)
    except WebhookRefused as error:
        raise errors.invalid(str(error)) from error
    return Answer({"data": {"job_id": str(job.id), "created_at": clock.iso(job.created_ms)}})


def _minute(name: str, given: str) -> int:
    try:
        if not re.fullmatch("[0-9]{12}", given):
            raise ValueError(given)
        stamp = datetime.strptime(given, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError as error:
        raise _no_span(f"{name} is not in the correct format.") from error
    return int(stamp.timestamp()) * clock.SECOND_MS


def _span(from_ms: int, to_ms: int) -> tuple[int, int]:
    """The minute of `to_date` is part of it. In the order in which X's page lists the reasons."""
    now = clock.now_ms()
    if from_ms < now - REACH_MS:
        raise _no_span("from_date is older than 24 hours from the current time.")
    if from_ms > to_ms:
        raise _no_span("from_date is more recent than to_date.")
    for name, moment in (("from_date", from_ms), ("to_date", to_ms)):
        if moment > now:
            raise _no_span(f"{name} is in the future.")
    return from_ms, to_ms + clock.MINUTE_MS - 1


def _no_span(sentence: str) -> errors.Refused:
    return errors.invalid(f"QueryParamInvalid: {sentence}")


def _known(call: Call) -> Webhook:
    given = call.path["webhook_id"]
    webhook = call.world.webhooks.get(ids.parse(given) or 0)
    if webhook is None:
        raise errors.invalid(f"WebhookIdInvalid: no webhook with id [{given}]", webhook_id=given)
    return webhook


_LIMITS = Limits(app=450)
_REPLAYS = Limits(app=100)
ENDPOINTS = (
    Endpoint("POST", "/2/webhooks", create, _LIMITS, app=True),
    Endpoint(
        "GET",
        "/2/webhooks",
        listing,
        _LIMITS,
        app=True,
        parameters=frozenset({"webhook_config.fields"}),
    ),
    Endpoint("POST", "/2/webhooks/replay", replay, _REPLAYS, app=True),
    Endpoint("PUT", "/2/webhooks/{webhook_id}", validate, _LIMITS, app=True),
    Endpoint("DELETE", "/2/webhooks/{webhook_id}", delete, _LIMITS, app=True),
)
